"""The generated history of a person over all banks."""

import datetime as dt
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from pluggy_sandbox.world import bank_settings, history
from pluggy_sandbox.world.activities import ACTIVITIES, MONTH_END_ACTIVITIES
from pluggy_sandbox.world.boletos import mod10, mod11
from pluggy_sandbox.world.customers import Customer, customer_at
from sandbox_testing.collected_item import SEED, TODAY, CollectedItem, cents, local_day

Json = dict[str, Any]
SHARED = (9001, 9002, 9003, 9005)
OWN = ("04020000", "04030000")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("history")


@pytest.fixture(scope="module")
def aurora(folder: Path) -> CollectedItem:
    return CollectedItem(folder)


@pytest.fixture(scope="module")
def ipe(folder: Path) -> CollectedItem:
    return CollectedItem(folder, 9002)


@pytest.fixture(scope="module")
def cerrado(folder: Path) -> CollectedItem:
    return CollectedItem(folder, 9003)


def of(bank: int, client_user_id: str = "ana") -> Customer:
    return customer_at(SEED, client_user_id, bank_settings.settings_of(bank))


def days(*transactions: Json) -> list[dt.date]:
    return [dt.date.fromisoformat(local_day(transaction)) for transaction in transactions]


# --- Customers --------------------------------------------------------------------------------------


def test_every_bank_uses_only_existing_activities() -> None:
    for bank in (1, 2, 5, 8, 600, 9001, 9002, 9003, 9004, 9005):
        assert set(bank_settings.settings_of(bank).activities) <= set(ACTIVITIES) | set(MONTH_END_ACTIVITIES)


def test_a_longer_history_does_not_change_earlier_days() -> None:
    for bank in (*SHARED, 2, 8, 600):
        short = history.build(of(bank), dt.date(2026, 3, 1), dt.date(2026, 6, 30)).movements
        long = history.build(of(bank), dt.date(2025, 1, 1), dt.date(2026, 11, 30)).movements
        assert [
            transaction
            for transaction in long
            if dt.date(2026, 3, 1) <= transaction.day < dt.date(2026, 6, 1)
        ] == [
            transaction
            for transaction in short
            if dt.date(2026, 3, 1) <= transaction.day < dt.date(2026, 6, 1)
        ]


def test_the_data_do_not_depend_on_when_the_item_is_created(folder: Path, aurora: CollectedItem) -> None:
    def life_of(collected: CollectedItem) -> Counter[Any]:
        return Counter(
            (transaction["date"], transaction["amount"], transaction["description"])
            for transaction in collected.transactions("card")
        )

    again, later = aurora.another(), aurora.another(today=dt.date(2026, 11, 27), months=4)
    assert life_of(again) == life_of(aurora) != life_of(aurora.another(client_user_id="bruno"))
    since = min(map(local_day, later.transactions("card")))
    assert {key: count for key, count in life_of(aurora).items() if since <= key[0] < "2026-11-20"} == {
        key: count for key, count in life_of(later).items() if key[0] < "2026-11-20"
    }
    assert {transaction["id"] for transaction in again.transactions()}.isdisjoint(
        transaction["id"] for transaction in aurora.transactions()
    )


def test_the_balance_does_not_depend_on_the_length_of_the_history(aurora: CollectedItem) -> None:
    short = aurora.another(months=2)
    for kind in ("checking", "savings", "card"):
        assert short.account(kind)["balance"] == aurora.account(kind)["balance"]


def test_only_the_main_bank_has_salary_and_household(
    aurora: CollectedItem, ipe: CollectedItem, cerrado: CollectedItem, folder: Path
) -> None:
    light = CollectedItem(folder, 9005)
    for text in ("SALARIO", "IMOBILIARIA", "CONDOMINIO", "DEB AUT", "IPTU"):
        assert aurora.with_description(text)
        assert not [
            transaction
            for collected in (ipe, cerrado, light)
            for transaction in collected.with_description(text)
        ]


def test_each_bank_outside_the_shared_ones_has_another_employer(aurora: CollectedItem, folder: Path) -> None:
    employers = {
        collected.with_description("SALARIO")[0]["description"]
        for collected in (aurora, CollectedItem(folder, 2))
    }
    employers |= {
        CollectedItem(folder, bank).with_description("SALARIO")[0]["description"] for bank in (1, 5, 600)
    }
    assert len(employers) == 5


@pytest.mark.parametrize(("out", "into"), [(9001, 9002), (9001, 9003), (9001, 9005), (9002, 9003)])
def test_own_transfers_appear_at_both_banks(folder: Path, out: int, into: int) -> None:
    def legs(bank: int, sign: int) -> Counter[tuple[str, int]]:
        return Counter(
            (local_day(transaction), abs(cents(transaction)))
            for transaction in CollectedItem(folder, bank).transactions()
            if transaction["categoryId"] in OWN and cents(transaction) * sign > 0
        )

    arrived = legs(into, 1)
    a_day_later = (9002, 9003)
    shift = dt.timedelta(days=1 if (out, into) == a_day_later else 0)
    left = {(str(dt.date.fromisoformat(day) + shift), sum_) for day, sum_ in legs(out, -1)}
    assert sum(1 for leg in arrived if leg in left) >= 12


def test_both_sides_of_a_transfer_have_the_owners_document(aurora: CollectedItem, ipe: CollectedItem) -> None:
    for collected, side in ((aurora, "receiver"), (ipe, "payer")):
        sign = -1 if side == "receiver" else 1
        legs = [
            transaction
            for transaction in collected.transactions()
            if transaction["categoryId"] in OWN and cents(transaction) * sign > 0
        ]
        documents = {transaction["paymentData"][side]["documentNumber"]["value"] for transaction in legs}
        assert legs and documents == {collected.account()["taxNumber"]}
    assert aurora.account()["taxNumber"] == ipe.account()["taxNumber"]


@pytest.mark.parametrize("client_user_id", ["ana", "bruno", "caio", "eva"])
@pytest.mark.parametrize("bank", SHARED)
def test_checking_balances_stay_above_a_minimum(bank: int, client_user_id: str) -> None:
    customer_history = history.build(of(bank, client_user_id), dt.date(2026, 1, 1), dt.date(2027, 12, 31))
    balance = history.opening_balances(of(bank, client_user_id), dt.date(2026, 1, 1)).checking
    lowest = balance
    for transaction in sorted(customer_history.movements, key=lambda transaction: transaction.at):
        if transaction.account == "checking" and transaction.day <= dt.date(2027, 12, 31):
            balance += transaction.cents
            lowest = min(lowest, balance)
    assert lowest > -250_000


def test_a_company_has_company_movements(folder: Path) -> None:
    firm = CollectedItem(folder, 8)
    assert {collected["subtype"] for collected in firm.accounts()} == {"CHECKING_ACCOUNT", "CREDIT_CARD"}
    assert "/" in firm.account()["taxNumber"] and firm.account()["owner"].endswith("Ltda")
    for text in ("RECEBIDO", "COBRANCA", "ATACADO", "DAS SIMPLES", "GPS INSS", "FGTS"):
        assert firm.with_description(text), text
    assert not firm.with_description("SALARIO") and not firm.with_description("CONDOMINIO")


# --- What it is made of -----------------------------------------------------------------------------


def test_the_13th_salary(aurora: CollectedItem) -> None:
    wage, first, second = (
        aurora.with_description("SALARIO")[0],
        aurora.with_description("13 SALARIO 1A"),
        aurora.with_description("13 SALARIO 2A"),
    )
    assert local_day(first[0])[5:] == "11-30" and local_day(second[0])[5:] == "12-20"
    assert cents(first[0]) == cents(wage) // 2


def test_boletos_have_valid_check_digits(aurora: CollectedItem) -> None:
    paid = [
        transaction
        for transaction in aurora.transactions()
        if (transaction["paymentData"] or {}).get("boletoMetadata")
    ]
    assert len(paid) >= 4 * 12
    for transaction in paid:
        slip = transaction["paymentData"]["boletoMetadata"]
        line, code = slip["digitableLine"], slip["barcode"]
        assert (len(line), len(code)) == (47, 44)
        for field in (line[:10], line[10:21], line[21:32]):
            assert field[-1] == mod10(field[:-1])
        assert code[4] == mod11(code[:4] + code[5:]) == line[32]
        assert int(code[9:19]) == round(slip["baseAmount"] * 100) == int(line[-10:])
        total = slip["baseAmount"] + slip["interestAmount"] + slip["penaltyAmount"] - slip["discountAmount"]
        assert round(total * 100) == -cents(transaction)


def test_some_boletos_are_late_and_some_get_a_discount(aurora: CollectedItem) -> None:
    slips = [
        transaction["paymentData"]["boletoMetadata"]
        for transaction in aurora.transactions()
        if transaction["paymentData"]
    ]
    slips = [slip for slip in slips if slip]
    late = [slip for slip in slips if slip["penaltyAmount"]]
    assert late and all(slip["interestAmount"] > 0 and not slip["discountAmount"] for slip in late)
    assert any(slip["discountAmount"] for slip in slips)


def test_a_friend_pays_back_exactly_the_dinner(aurora: CollectedItem) -> None:
    dinners = aurora.with_description("RESTAURANTE TEMPERO MINEIRO", "card")
    given_back = [
        transaction
        for transaction in aurora.with_description("PIX RECEBIDO")
        if transaction["paymentData"]["reason"] == "jantar"
    ]
    assert len(given_back) >= 12
    for pix in given_back:
        gaps = [
            (day - bought).days
            for day in days(pix)
            for dinner, bought in zip(dinners, days(*dinners), strict=True)
            if cents(dinner) == cents(pix)
        ]
        assert set(gaps) & {1, 2}


def test_repeated_payments_are_both_listed(aurora: CollectedItem) -> None:
    coffees = Counter(
        transaction["date"] for transaction in aurora.with_description("CAFE DA ESQUINA", "card")
    )
    assert set(coffees.values()) == {2}
    rides = [
        transaction for transaction in aurora.with_description("PIX ENVIADO") if transaction["amount"] == -25
    ]
    twins = [
        day
        for day, count in Counter(
            (local_day(transaction), transaction["description"]) for transaction in rides
        ).items()
        if count == 2
    ]
    assert len(twins) >= 5


@pytest.mark.parametrize("descriptor", ["IFD*", "PAG*", "MERCADOPAGO*", "UBER"])
def test_app_purchases_have_the_usual_descriptions(aurora: CollectedItem, descriptor: str) -> None:
    assert (
        len(
            [
                transaction
                for transaction in aurora.transactions("card")
                if transaction["description"].startswith(descriptor)
            ]
        )
        >= 5
    )


def test_a_subscription_increases_its_price(aurora: CollectedItem) -> None:
    prices = [transaction["amount"] for transaction in aurora.with_description("TELAVIVA", "card")][::-1]
    assert len(set(prices)) == 2 and prices == sorted(prices)


def test_yearly_taxes(aurora: CollectedItem) -> None:
    assert {local_day(transaction)[5:] for transaction in aurora.with_description("IPVA")} == {"01-20"}
    assert {local_day(transaction)[5:] for transaction in aurora.with_description("IPTU")} == {"02-15"}


def test_refunds_in_the_same_month_in_the_next_and_in_part(aurora: CollectedItem) -> None:
    def pairs(text: str) -> list[tuple[Json, Json]]:
        matching = aurora.with_description(text, "card")[::-1]
        return [(a, b) for a, b in pairwise(matching) if a["amount"] > 0 > b["amount"]]

    whole = pairs("MERCADOPAGO*LOJAVARAL")
    assert any(cents(a) == -cents(b) and local_day(a)[:7] == local_day(b)[:7] for a, b in whole)
    later = pairs("LOJAS LINHO")
    assert any(cents(a) == -cents(b) and local_day(a)[:7] < local_day(b)[:7] for a, b in later)
    assert any(0 < -cents(b) < cents(a) for a, b in pairs("PAG*CASADOSPRESENTES"))


def test_returned_payments(aurora: CollectedItem) -> None:
    for back in aurora.with_description("DEVOLUCAO PIX"):
        name = back["description"].removeprefix("DEVOLUCAO PIX ")
        sent = aurora.with_description(f"PIX ENVIADO {name}")
        assert any(cents(transaction) == -cents(back) for transaction in sent)
    assert aurora.with_description("DEVOLUCAO PIX") and aurora.with_description("ESTORNO PAGTO BOLETO")


def test_foreign_purchases_and_their_tax(aurora: CollectedItem, ipe: CollectedItem) -> None:
    for collected in (aurora, ipe):
        abroad = [
            transaction
            for transaction in collected.transactions("card")
            if transaction["currencyCode"] == "USD"
        ]
        taxes = {
            local_day(transaction): cents(transaction)
            for transaction in collected.with_description("IOF COMPRA", "card")
        }
        assert len(abroad) >= 12
        for transaction in abroad:
            assert transaction["amount"] == 20 and transaction["amountInAccountCurrency"] > 100
            assert taxes[local_day(transaction)] == cents(transaction) * 35 // 1000


def test_cashback(aurora: CollectedItem) -> None:
    assert {
        transaction["type"]
        for transaction in aurora.transactions("card")
        if transaction["categoryId"] == "08090000"
    } == {"CREDIT"}


def test_installments_as_each_bank_shows_them(
    aurora: CollectedItem, ipe: CollectedItem, cerrado: CollectedItem
) -> None:
    def installments(collected: CollectedItem) -> list[Json]:
        return [
            transaction
            for transaction in collected.transactions("card")
            if (transaction["creditCardMetadata"]["totalInstallments"] or 0) > 1
        ]

    today = str(TODAY)
    assert all(
        local_day(transaction) <= today for transaction in installments(aurora) + installments(cerrado)
    )
    assert any(
        local_day(transaction) > today and transaction["status"] == "PENDING"
        for transaction in installments(ipe)
    )
    assert {transaction["creditCardMetadata"]["paymentType"] for transaction in installments(ipe)} == {
        "INSTALLMENT"
    }
    later = [
        transaction
        for transaction in installments(cerrado)
        if transaction["creditCardMetadata"]["installmentNumber"] > 1
    ]
    assert {local_day(transaction)[8:] for transaction in later} <= {"29", "01"}  # the day its bill opens
    numbers = [transaction["creditCardMetadata"] for transaction in installments(aurora)]
    assert all(part["installmentNumber"] <= part["totalInstallments"] for part in numbers)


# --- Bills ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bank", [9001, 9002, 9003, 600, 2, 8])
def test_a_bill_is_the_sum_of_its_transactions_and_charges(folder: Path, bank: int) -> None:
    collected = CollectedItem(folder, bank)
    assert len(collected.bills()) >= 11
    for bill in collected.bills():
        transactions = [
            transaction
            for transaction in collected.transactions("card")
            if transaction["creditCardMetadata"]["billId"] == bill["id"]
        ]
        charges = sum(round(charge["amount"] * 100) for charge in bill["financeCharges"])
        assert round(bill["totalAmount"] * 100) == abs(sum(map(cents, transactions))) + charges


def test_each_bank_has_its_closing_and_due_day(
    aurora: CollectedItem, ipe: CollectedItem, cerrado: CollectedItem
) -> None:
    days = {
        (bill["billClosingDate"][8:10], bill["dueDate"][8:10])
        for collected in (aurora, ipe, cerrado)
        for bill in collected.bills()
    }
    assert days == {("10", "17"), ("25", "05"), ("28", "07")}
    assert aurora.account("card")["creditData"]["balanceCloseDate"][:10] == "2026-12-10"


def test_a_bill_paid_in_part_costs_interest_a_fine_and_a_tax(cerrado: CollectedItem) -> None:
    in_part = [bill for bill in cerrado.bills() if len(bill["payments"]) > 1]
    assert {bill["payments"][0]["valueType"] for bill in in_part} == {"OTHER_PAYMENT"}
    for bill in in_part:
        assert sum(round(collected["amount"] * 100) for collected in bill["payments"]) == round(
            bill["totalAmount"] * 100
        )
        assert bill["payments"][0]["paymentDate"] == bill["dueDate"] < bill["payments"][1]["paymentDate"]
    for text in ("JUROS", "MULTA", "IOF FINANCIAMENTO"):
        assert cerrado.with_description(text, "card")
    charged = {charge["type"] for bill in cerrado.bills() for charge in bill["financeCharges"]}
    assert charged == {"LATE_PAYMENT_REMUNERATIVE_INTEREST", "LATE_PAYMENT_FEE", "IOF"}


def test_a_closed_bill_is_listed_before_its_payment(folder: Path) -> None:
    collected = CollectedItem(folder, 9001, today=dt.date(2026, 11, 12))
    newest = collected.bills()[0]
    assert (newest["billClosingDate"][:10], newest["payments"]) == ("2026-11-10", [])
    collected.run(dt.date(2026, 11, 17))
    assert [payment["valueType"] for payment in collected.bills()[0]["payments"]] == ["FULL_PAYMENT"]
    paid = collected.with_description("PAGAMENTO FATURA")[0]
    assert local_day(paid) == "2026-11-17" and -paid["amount"] == collected.bills()[0]["totalAmount"]


# --- Balances and what is put aside -----------------------------------------------------------------


@pytest.mark.parametrize("bank", [9001, 9002, 9003, 9005, 600])
def test_balances_agree_with_the_transactions(folder: Path, bank: int) -> None:
    collected = CollectedItem(folder, bank)
    for kind in bank_settings.settings_of(bank).accounts:
        card = kind == "card"
        past = [
            transaction
            for transaction in collected.transactions(kind)
            if local_day(transaction) <= str(TODAY)
        ]
        counted = sum(cents(transaction) for transaction in past if card or transaction["status"] == "POSTED")
        charges = [charge for bill in collected.bills() for charge in bill["financeCharges"]] if card else []
        counted += sum(round(charge["amount"] * 100) for charge in charges)
        assert round(collected.account(kind)["balance"] * 100) == collected.opening(kind) + counted, kind


def test_caixinhas_hold_the_saved_amounts(ipe: CollectedItem) -> None:
    bank = ipe.account()["bankData"]
    assert bank["hasReservedBalance"] and {collected["name"] for collected in bank["reservedBalances"]}
    longer = ipe.another(months=40)  # from the beginning: with all savings
    stored = sum(-cents(transaction) for transaction in longer.with_description("CAIXINHA"))
    shown = [collected["availableAmounts"][0]["amount"] for collected in bank["reservedBalances"]]
    assert round(sum(shown) * 100) == stored > 0
    assert longer.with_description("GUARDADO NA CAIXINHA") and longer.with_description("RESGATE DA CAIXINHA")


def test_the_card_balance_of_pluggy_bank_is_its_open_bill(folder: Path) -> None:
    collected = CollectedItem(folder, 2)
    waiting = [
        transaction for transaction in collected.transactions("card") if transaction["status"] == "PENDING"
    ]
    assert round(collected.account("card")["balance"] * 100) == sum(map(cents, waiting)) < 0


def test_dates_far_ahead_and_before_the_start(folder: Path) -> None:
    assert len(CollectedItem(folder, 9001, today=dt.date(2107, 5, 20), months=1).transactions()) > 30
    assert CollectedItem(folder, 9001, today=dt.date(2023, 5, 20), months=1).transactions() == []
