"""One life over many banks: what it is made of, told once, the same for everyone who asks."""

import datetime as dt
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from dev.sandbox.world import habits, story
from dev.sandbox.world.boletos import mod10, mod11
from dev.sandbox.world.episodes import AFTERWARDS, EPISODES
from dev.sandbox.world.life import Life, life
from tests.sandbox.collected import SEED, TODAY, Collected, cents, local_day

Json = dict[str, Any]
SHARED = (9001, 9002, 9003, 9005)
OWN = ("04020000", "04030000")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lives")


@pytest.fixture(scope="module")
def aurora(folder: Path) -> Collected:
    return Collected(folder)


@pytest.fixture(scope="module")
def ipe(folder: Path) -> Collected:
    return Collected(folder, 9002)


@pytest.fixture(scope="module")
def cerrado(folder: Path) -> Collected:
    return Collected(folder, 9003)


def of(bank: int, who: str = "ana") -> Life:
    return life(SEED, who, habits.of(bank))


def days(*rows: Json) -> list[dt.date]:
    return [dt.date.fromisoformat(local_day(row)) for row in rows]


# --- One life ---------------------------------------------------------------------------------------


def test_every_bank_tells_only_episodes_that_exist() -> None:
    for bank in (1, 2, 5, 8, 600, 9001, 9002, 9003, 9004, 9005):
        assert set(habits.of(bank).tells) <= set(EPISODES) | set(AFTERWARDS)


def test_a_longer_telling_changes_no_earlier_day() -> None:
    for bank in (*SHARED, 2, 8, 600):
        short = story.tell(of(bank), dt.date(2026, 3, 1), dt.date(2026, 6, 30)).rows
        long = story.tell(of(bank), dt.date(2025, 1, 1), dt.date(2026, 11, 30)).rows
        assert [row for row in long if dt.date(2026, 3, 1) <= row.day < dt.date(2026, 6, 1)] == [
            row for row in short if dt.date(2026, 3, 1) <= row.day < dt.date(2026, 6, 1)
        ]


def test_the_same_again_for_whoever_connects_whenever(folder: Path, aurora: Collected) -> None:
    def life_of(one: Collected) -> Counter[Any]:
        return Counter((row["date"], row["amount"], row["description"]) for row in one.rows("card"))

    again, later = aurora.again(), aurora.again(today=dt.date(2026, 11, 27), months=4)
    assert life_of(again) == life_of(aurora) != life_of(aurora.again(who="bruno"))
    since = min(map(local_day, later.rows("card")))
    assert {key: count for key, count in life_of(aurora).items() if since <= key[0] < "2026-11-20"} == {
        key: count for key, count in life_of(later).items() if key[0] < "2026-11-20"
    }
    assert {row["id"] for row in again.rows()}.isdisjoint(row["id"] for row in aurora.rows())


def test_the_balance_of_a_day_does_not_depend_on_the_day_of_connecting(aurora: Collected) -> None:
    short = aurora.again(months=2)
    for kind in ("checking", "savings", "card"):
        assert short.account(kind)["balance"] == aurora.account(kind)["balance"]


def test_there_is_one_wage_and_one_household(
    aurora: Collected, ipe: Collected, cerrado: Collected, folder: Path
) -> None:
    light = Collected(folder, 9005)
    for words in ("SALARIO", "IMOBILIARIA", "CONDOMINIO", "DEB AUT", "IPTU"):
        assert aurora.said(words)
        assert not [row for one in (ipe, cerrado, light) for row in one.said(words)]


def test_a_bank_that_stands_alone_has_another_employer(aurora: Collected, folder: Path) -> None:
    employers = {one.said("SALARIO")[0]["description"] for one in (aurora, Collected(folder, 2))}
    employers |= {Collected(folder, bank).said("SALARIO")[0]["description"] for bank in (1, 5, 600)}
    assert len(employers) == 5


@pytest.mark.parametrize(("out", "into"), [(9001, 9002), (9001, 9003), (9001, 9005), (9002, 9003)])
def test_own_transfers_have_two_legs(folder: Path, out: int, into: int) -> None:
    def legs(bank: int, sign: int) -> Counter[tuple[str, int]]:
        return Counter(
            (local_day(row), abs(cents(row)))
            for row in Collected(folder, bank).rows()
            if row["categoryId"] in OWN and cents(row) * sign > 0
        )

    arrived = legs(into, 1)
    a_day_later = (9002, 9003)
    shift = dt.timedelta(days=1 if (out, into) == a_day_later else 0)
    left = {(str(dt.date.fromisoformat(day) + shift), sum_) for day, sum_ in legs(out, -1)}
    assert sum(1 for leg in arrived if leg in left) >= 12


def test_the_legs_carry_the_owners_document(aurora: Collected, ipe: Collected) -> None:
    for one, side in ((aurora, "receiver"), (ipe, "payer")):
        sign = -1 if side == "receiver" else 1
        legs = [row for row in one.rows() if row["categoryId"] in OWN and cents(row) * sign > 0]
        documents = {row["paymentData"][side]["documentNumber"]["value"] for row in legs}
        assert legs and documents == {one.account()["taxNumber"]}
    assert aurora.account()["taxNumber"] == ipe.account()["taxNumber"]


@pytest.mark.parametrize("who", ["ana", "bruno", "caio", "eva"])
@pytest.mark.parametrize("bank", SHARED)
def test_no_life_lives_beyond_its_means(bank: int, who: str) -> None:
    telling = story.tell(of(bank, who), dt.date(2026, 1, 1), dt.date(2027, 12, 31))
    balance = story.standing(of(bank, who), dt.date(2026, 1, 1)).checking
    lowest = balance
    for row in sorted(telling.rows, key=lambda row: row.at):
        if row.account == "checking" and row.day <= dt.date(2027, 12, 31):
            balance += row.cents
            lowest = min(lowest, balance)
    assert lowest > -250_000


def test_a_company_has_a_company_s_life(folder: Path) -> None:
    firm = Collected(folder, 8)
    assert {one["subtype"] for one in firm.accounts()} == {"CHECKING_ACCOUNT", "CREDIT_CARD"}
    assert "/" in firm.account()["taxNumber"] and firm.account()["owner"].endswith("Ltda")
    for words in ("RECEBIDO", "COBRANCA", "ATACADO", "DAS SIMPLES", "GPS INSS", "FGTS"):
        assert firm.said(words), words
    assert not firm.said("SALARIO") and not firm.said("CONDOMINIO")


# --- What it is made of -----------------------------------------------------------------------------


def test_the_thirteenth(aurora: Collected) -> None:
    wage, first, second = (
        aurora.said("SALARIO")[0],
        aurora.said("13 SALARIO 1A"),
        aurora.said("13 SALARIO 2A"),
    )
    assert local_day(first[0])[5:] == "11-30" and local_day(second[0])[5:] == "12-20"
    assert cents(first[0]) == cents(wage) // 2


def test_boletos_have_numbers_that_check(aurora: Collected) -> None:
    paid = [row for row in aurora.rows() if (row["paymentData"] or {}).get("boletoMetadata")]
    assert len(paid) >= 4 * 12
    for row in paid:
        slip = row["paymentData"]["boletoMetadata"]
        line, code = slip["digitableLine"], slip["barcode"]
        assert (len(line), len(code)) == (47, 44)
        for field in (line[:10], line[10:21], line[21:32]):
            assert field[-1] == mod10(field[:-1])
        assert code[4] == mod11(code[:4] + code[5:]) == line[32]
        assert int(code[9:19]) == round(slip["baseAmount"] * 100) == int(line[-10:])
        total = slip["baseAmount"] + slip["interestAmount"] + slip["penaltyAmount"] - slip["discountAmount"]
        assert round(total * 100) == -cents(row)


def test_some_boletos_are_late_and_some_get_a_discount(aurora: Collected) -> None:
    slips = [row["paymentData"]["boletoMetadata"] for row in aurora.rows() if row["paymentData"]]
    slips = [slip for slip in slips if slip]
    late = [slip for slip in slips if slip["penaltyAmount"]]
    assert late and all(slip["interestAmount"] > 0 and not slip["discountAmount"] for slip in late)
    assert any(slip["discountAmount"] for slip in slips)


def test_a_friend_gives_back_exactly_the_dinner(aurora: Collected) -> None:
    dinners = aurora.said("RESTAURANTE TEMPERO MINEIRO", "card")
    given_back = [row for row in aurora.said("PIX RECEBIDO") if row["paymentData"]["reason"] == "jantar"]
    assert len(given_back) >= 12
    for pix in given_back:
        gaps = [
            (day - bought).days
            for day in days(pix)
            for dinner, bought in zip(dinners, days(*dinners), strict=True)
            if cents(dinner) == cents(pix)
        ]
        assert set(gaps) & {1, 2}


def test_what_looks_like_a_double_is_true(aurora: Collected) -> None:
    coffees = Counter(row["date"] for row in aurora.said("CAFE DA ESQUINA", "card"))
    assert set(coffees.values()) == {2}
    rides = [row for row in aurora.said("PIX ENVIADO") if row["amount"] == -25]
    twins = [
        day
        for day, count in Counter((local_day(row), row["description"]) for row in rides).items()
        if count == 2
    ]
    assert len(twins) >= 5


@pytest.mark.parametrize("descriptor", ["IFD*", "PAG*", "MERCADOPAGO*", "UBER"])
def test_apps_write_as_apps_do(aurora: Collected, descriptor: str) -> None:
    assert len([row for row in aurora.rows("card") if row["description"].startswith(descriptor)]) >= 5


def test_a_subscription_becomes_dearer_and_stays_so(aurora: Collected) -> None:
    prices = [row["amount"] for row in aurora.said("TELAVIVA", "card")][::-1]
    assert len(set(prices)) == 2 and prices == sorted(prices)


def test_taxes_of_the_year(aurora: Collected) -> None:
    assert {local_day(row)[5:] for row in aurora.said("IPVA")} == {"01-20"}
    assert {local_day(row)[5:] for row in aurora.said("IPTU")} == {"02-15"}


def test_refunds_in_the_same_month_in_the_next_and_of_a_part(aurora: Collected) -> None:
    def pairs(words: str) -> list[tuple[Json, Json]]:
        told = aurora.said(words, "card")[::-1]
        return [(a, b) for a, b in pairwise(told) if a["amount"] > 0 > b["amount"]]

    whole = pairs("MERCADOPAGO*LOJAVARAL")
    assert any(cents(a) == -cents(b) and local_day(a)[:7] == local_day(b)[:7] for a, b in whole)
    later = pairs("LOJAS LINHO")
    assert any(cents(a) == -cents(b) and local_day(a)[:7] < local_day(b)[:7] for a, b in later)
    assert any(0 < -cents(b) < cents(a) for a, b in pairs("PAG*CASADOSPRESENTES"))


def test_payments_that_come_back(aurora: Collected) -> None:
    for back in aurora.said("DEVOLUCAO PIX"):
        name = back["description"].removeprefix("DEVOLUCAO PIX ")
        sent = aurora.said(f"PIX ENVIADO {name}")
        assert any(cents(row) == -cents(back) for row in sent)
    assert aurora.said("DEVOLUCAO PIX") and aurora.said("ESTORNO PAGTO BOLETO")


def test_dollars_and_their_tax(aurora: Collected, ipe: Collected) -> None:
    for one in (aurora, ipe):
        abroad = [row for row in one.rows("card") if row["currencyCode"] == "USD"]
        taxes = {local_day(row): cents(row) for row in one.said("IOF COMPRA", "card")}
        assert len(abroad) >= 12
        for row in abroad:
            assert row["amount"] == 20 and row["amountInAccountCurrency"] > 100
            assert taxes[local_day(row)] == cents(row) * 35 // 1000


def test_cashback(aurora: Collected) -> None:
    assert {row["type"] for row in aurora.rows("card") if row["categoryId"] == "08090000"} == {"CREDIT"}


def test_parts_as_each_bank_shows_them(aurora: Collected, ipe: Collected, cerrado: Collected) -> None:
    def parts(one: Collected) -> list[Json]:
        return [row for row in one.rows("card") if (row["creditCardMetadata"]["totalInstallments"] or 0) > 1]

    today = str(TODAY)
    assert all(local_day(row) <= today for row in parts(aurora) + parts(cerrado))
    assert any(local_day(row) > today and row["status"] == "PENDING" for row in parts(ipe))
    assert {row["creditCardMetadata"]["paymentType"] for row in parts(ipe)} == {"INSTALLMENT"}
    later = [row for row in parts(cerrado) if row["creditCardMetadata"]["installmentNumber"] > 1]
    assert {local_day(row)[8:] for row in later} <= {"29", "01"}  # the day its bill opens
    numbers = [row["creditCardMetadata"] for row in parts(aurora)]
    assert all(part["installmentNumber"] <= part["totalInstallments"] for part in numbers)


# --- Bills ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bank", [9001, 9002, 9003, 600, 2, 8])
def test_bills_are_their_rows_and_their_finance_charges(folder: Path, bank: int) -> None:
    one = Collected(folder, bank)
    assert len(one.bills()) >= 11
    for bill in one.bills():
        rows = [row for row in one.rows("card") if row["creditCardMetadata"]["billId"] == bill["id"]]
        charges = sum(round(charge["amount"] * 100) for charge in bill["financeCharges"])
        assert round(bill["totalAmount"] * 100) == abs(sum(map(cents, rows))) + charges


def test_each_bank_has_its_closing_and_due_day(aurora: Collected, ipe: Collected, cerrado: Collected) -> None:
    found = {
        (bill["billClosingDate"][8:10], bill["dueDate"][8:10])
        for one in (aurora, ipe, cerrado)
        for bill in one.bills()
    }
    assert found == {("10", "17"), ("25", "05"), ("28", "07")}
    assert aurora.account("card")["creditData"]["balanceCloseDate"][:10] == "2026-12-10"


def test_a_bill_paid_in_part_costs_interest_a_fine_and_a_tax(cerrado: Collected) -> None:
    in_part = [bill for bill in cerrado.bills() if len(bill["payments"]) > 1]
    assert {bill["payments"][0]["valueType"] for bill in in_part} == {"OTHER_PAYMENT"}
    for bill in in_part:
        assert sum(round(one["amount"] * 100) for one in bill["payments"]) == round(bill["totalAmount"] * 100)
        assert bill["payments"][0]["paymentDate"] == bill["dueDate"] < bill["payments"][1]["paymentDate"]
    for words in ("JUROS", "MULTA", "IOF FINANCIAMENTO"):
        assert cerrado.said(words, "card")
    charged = {charge["type"] for bill in cerrado.bills() for charge in bill["financeCharges"]}
    assert charged == {"LATE_PAYMENT_REMUNERATIVE_INTEREST", "LATE_PAYMENT_FEE", "IOF"}


def test_a_closed_bill_waits_for_its_payment_and_the_open_one_is_not_listed(folder: Path) -> None:
    one = Collected(folder, 9001, today=dt.date(2026, 11, 12))
    newest = one.bills()[0]
    assert (newest["billClosingDate"][:10], newest["payments"]) == ("2026-11-10", [])
    one.run(dt.date(2026, 11, 17))
    assert [payment["valueType"] for payment in one.bills()[0]["payments"]] == ["FULL_PAYMENT"]
    paid = one.said("PAGAMENTO FATURA")[0]
    assert local_day(paid) == "2026-11-17" and -paid["amount"] == one.bills()[0]["totalAmount"]


# --- Balances and what is put aside -----------------------------------------------------------------


@pytest.mark.parametrize("bank", [9001, 9002, 9003, 9005, 600])
def test_balances_agree_with_the_rows(folder: Path, bank: int) -> None:
    one = Collected(folder, bank)
    for kind in habits.of(bank).accounts:
        card = kind == "card"
        past = [row for row in one.rows(kind) if local_day(row) <= str(TODAY)]
        counted = sum(cents(row) for row in past if card or row["status"] == "POSTED")
        charges = [charge for bill in one.bills() for charge in bill["financeCharges"]] if card else []
        counted += sum(round(charge["amount"] * 100) for charge in charges)
        assert round(one.account(kind)["balance"] * 100) == one.opening(kind) + counted, kind


def test_caixinhas_hold_what_was_put_into_them(ipe: Collected) -> None:
    bank = ipe.account()["bankData"]
    assert bank["hasReservedBalance"] and {one["name"] for one in bank["reservedBalances"]}
    longer = ipe.again(months=40)  # from the beginning: every row that ever filled one
    kept = sum(-cents(row) for row in longer.said("CAIXINHA"))
    shown = [one["availableAmounts"][0]["amount"] for one in bank["reservedBalances"]]
    assert round(sum(shown) * 100) == kept > 0
    assert longer.said("GUARDADO NA CAIXINHA") and longer.said("RESGATE DA CAIXINHA")


def test_a_quiet_card_of_pluggy_bank_owes_its_open_bill(folder: Path) -> None:
    one = Collected(folder, 2)
    waiting = [row for row in one.rows("card") if row["status"] == "PENDING"]
    assert round(one.account("card")["balance"] * 100) == sum(map(cents, waiting)) < 0


def test_it_can_be_told_far_ahead_and_not_at_all(folder: Path) -> None:
    assert len(Collected(folder, 9001, today=dt.date(2107, 5, 20), months=1).rows()) > 30
    assert Collected(folder, 9001, today=dt.date(2023, 5, 20), months=1).rows() == []
