"""The client: what is refused, what is renewed, what is never followed."""

import uuid
from decimal import Decimal

import pytest

from banking.pluggy import Client, Gone, Limited, Refused, Unauthorized, Unavailable
from tests.localpluggy import LocalPluggy


@pytest.fixture
def client(pluggy: LocalPluggy, settings: object) -> Client:
    return Client(
        base_url=pluggy.url,
        client_id=settings.PLUGGY_CLIENT_ID,  # type: ignore[attr-defined]
        client_secret=settings.PLUGGY_CLIENT_SECRET,  # type: ignore[attr-defined]
    )


def test_what_is_not_there_is_gone(client: Client) -> None:
    with pytest.raises(Gone):
        client.item(uuid.uuid4())


def test_a_404_that_is_not_pluggys_proves_nothing(client: Client, pluggy: LocalPluggy) -> None:
    pluggy.fault("status", "/items/", status=404, body="<html>not found</html>")
    with pytest.raises(Unavailable):
        client.item(uuid.uuid4())


def test_a_limit_says_how_long(client: Client, pluggy: LocalPluggy) -> None:
    """F-27."""
    pluggy.fault("limited", "/categories")
    with pytest.raises(Limited) as caught:
        client.categories()
    assert 0 < caught.value.wait <= 3600


def test_a_refused_key_is_renewed_once_and_the_call_repeated(client: Client, pluggy: LocalPluggy) -> None:
    """F-32."""
    assert client.categories()
    pluggy.fault("status", "/categories", status=403, body='{"code":403,"message":"expired"}')
    assert client.categories()
    pluggy.fault("status", "/categories", status=401, body='{"code":401}')
    assert client.categories()


def test_a_key_that_stays_refused_is_our_trouble(client: Client, pluggy: LocalPluggy) -> None:
    pluggy.fault("status", "/categories", status=403, body='{"code":403,"message":"no"}', times=2)
    with pytest.raises(Unauthorized):
        client.categories()


def test_wrong_credentials_are_our_trouble(pluggy: LocalPluggy) -> None:
    stranger = Client(base_url=pluggy.url, client_id=str(uuid.uuid4()), client_secret="no")
    with pytest.raises(Unauthorized):
        stranger.categories()


def test_a_refusal_with_a_code_is_about_the_request(client: Client, pluggy: LocalPluggy) -> None:
    body = '{"code":403,"codeDescription":"BALANCE_CONSENT_ERROR","message":"no"}'
    pluggy.fault("status", "/categories", status=403, body=body)
    with pytest.raises(Refused) as caught:
        client.categories()
    assert caught.value.code == "BALANCE_CONSENT_ERROR"


@pytest.mark.parametrize(
    "next_",
    ["https://evil.test/v2/transactions?accountId=x", "//evil.test/?q=1", "?accountId=x", "nonsense"],
)
def test_of_next_only_the_cursor_counts(client: Client, pluggy: LocalPluggy, next_: str) -> None:
    """A-13."""
    pluggy.fault("status", "/v2/transactions", status=200, body=f'{{"results":[],"next":"{next_}"}}')
    with pytest.raises(Unavailable):
        list(client.transactions(uuid.uuid4()))


def test_a_cursor_that_leads_in_a_circle_ends(client: Client, pluggy: LocalPluggy) -> None:
    """A-13, F-26: of an address on another host only the cursor is taken."""
    body = '{"results":[],"next":"https://evil.test/?after=abc"}'
    pluggy.fault("status", "/v2/transactions", status=200, body=body, times=None)
    with pytest.raises(Unavailable, match="leads nowhere"):
        list(client.transactions(uuid.uuid4()))


@pytest.mark.parametrize("amount", ["NaN", "Infinity", '"a lot"', "null", "[]"])
def test_a_row_without_a_readable_amount_is_not_guessed_and_takes_no_other_with_it(
    client: Client, pluggy: LocalPluggy, amount: str
) -> None:
    """A-64. Texts like "NaN" are found when the columns' bounds are checked (test_unreadable)."""
    row = (
        f'{{"id":"{uuid.uuid4()}","accountId":"{uuid.uuid4()}","description":"x","currencyCode":"BRL",'
        f'"amount":{amount},"date":"2026-11-20T00:00:00Z","createdAt":"2026-11-20T00:00:00Z",'
        '"updatedAt":"2026-11-20T00:00:00Z"}'
    )
    good = row.replace(f'"amount":{amount}', '"amount":-1.5')
    body = f'{{"results":[{row},{good}],"next":null}}'
    pluggy.fault("status", "/v2/transactions", status=200, body=body)
    (page,) = client.transactions(uuid.uuid4())
    read = [one.amount for one in page.rows if one.amount.is_finite()]
    assert read == [Decimal("-1.5")]
    assert all("amount" in one.reason and one.id for one in page.unreadable)


def test_amounts_are_read_from_the_text(client: Client, pluggy: LocalPluggy) -> None:
    row = (
        f'{{"id":"{uuid.uuid4()}","accountId":"{uuid.uuid4()}","description":"x","currencyCode":"BRL",'
        '"amount":2431.5285,"date":"2026-11-20T00:00:00Z","createdAt":"2026-11-20T00:00:00Z",'
        '"updatedAt":"2026-11-20T00:00:00Z","type":"SOMETHING NEW","future":{"field":1}}'
    )
    pluggy.fault("status", "/v2/transactions", status=200, body=f'{{"results":[{row}],"next":null}}')
    (((found,), *_),) = client.transactions(uuid.uuid4())
    assert found.amount == Decimal("2431.5285")


def test_redirects_are_not_followed(client: Client, pluggy: LocalPluggy) -> None:
    """A-12."""
    pluggy.fault("status", "/categories", status=302, body="")
    with pytest.raises(Unavailable):
        client.categories()


def test_a_nul_in_any_text_is_left_out(client: Client, pluggy: LocalPluggy) -> None:
    body = r'{"results":[{"id":"1","description":"a\u0000b","descriptionTranslated":"c\\u0000d"}]}'
    pluggy.fault("status", "/categories", status=200, body=body)
    (found,) = client.categories()
    assert (found.description, found.description_translated) == ("ab", r"c\u0000d")


def test_a_key_that_expires_between_two_pages_costs_no_page(client: Client, pluggy: LocalPluggy) -> None:
    """F-32: one renewal, the same page again, and the reading goes on."""
    item = pluggy.connect("somebody")
    card = next(one for one in client.accounts(uuid.UUID(item)) if one.type == "CREDIT")
    whole = [row.id for page in client.transactions(card.id) for row in page.rows]
    assert len(whole) > 500
    pluggy.fault("status", "after=", status=403, body='{"code":403,"message":"expired"}')
    assert [row.id for page in client.transactions(card.id) for row in page.rows] == whole
