"""Pluggy client: which errors it raises, how it renews the API key, and what it does not follow."""

import uuid
from decimal import Decimal

import pytest

from banking.pluggy import (
    Client,
    Gone,
    Limited,
    Refused,
    Unauthorized,
    Unavailable,
)
from tests.local_pluggy import LocalPluggy


@pytest.fixture
def client(pluggy: LocalPluggy, settings: object) -> Client:
    return Client(
        base_url=pluggy.url,
        client_id=settings.PLUGGY_CLIENT_ID,  # type: ignore[attr-defined]
        client_secret=settings.PLUGGY_CLIENT_SECRET,  # type: ignore[attr-defined]
    )


def test_a_missing_item_raises_gone(client: Client) -> None:
    with pytest.raises(Gone):
        client.item(uuid.uuid4())


def test_a_404_that_is_not_from_pluggy_raises_unavailable(client: Client, pluggy: LocalPluggy) -> None:
    pluggy.fault("status", "/items/", status=404, body="<html>not found</html>")
    with pytest.raises(Unavailable):
        client.item(uuid.uuid4())


def test_a_rate_limit_says_how_long_to_wait(client: Client, pluggy: LocalPluggy) -> None:
    """F-27."""
    pluggy.fault("limited", "/categories")
    with pytest.raises(Limited) as caught:
        client.categories()
    assert 0 < caught.value.wait <= 3600


def test_a_rejected_key_is_renewed_and_the_request_repeated(client: Client, pluggy: LocalPluggy) -> None:
    """F-32."""
    assert client.categories()
    pluggy.fault("status", "/categories", status=403, body='{"code":403,"message":"expired"}')
    assert client.categories()
    pluggy.fault("status", "/categories", status=401, body='{"code":401}')
    assert client.categories()


def test_a_key_that_stays_rejected_raises_unauthorized(client: Client, pluggy: LocalPluggy) -> None:
    pluggy.fault("status", "/categories", status=403, body='{"code":403,"message":"no"}', times=2)
    with pytest.raises(Unauthorized):
        client.categories()


def test_wrong_credentials_raise_unauthorized(pluggy: LocalPluggy) -> None:
    client = Client(base_url=pluggy.url, client_id=str(uuid.uuid4()), client_secret="no")
    with pytest.raises(Unauthorized):
        client.categories()


def test_a_403_with_an_error_code_raises_refused(client: Client, pluggy: LocalPluggy) -> None:
    body = '{"code":403,"codeDescription":"BALANCE_CONSENT_ERROR","message":"no"}'
    pluggy.fault("status", "/categories", status=403, body=body)
    with pytest.raises(Refused) as caught:
        client.categories()
    assert caught.value.code == "BALANCE_CONSENT_ERROR"


@pytest.mark.parametrize(
    "next_url",
    ["https://evil.test/v2/transactions?accountId=x", "//evil.test/?q=1", "?accountId=x", "nonsense"],
)
def test_a_next_url_without_a_cursor_raises_unavailable(
    client: Client, pluggy: LocalPluggy, next_url: str
) -> None:
    """A-13."""
    pluggy.fault("status", "/v2/transactions", status=200, body=f'{{"results":[],"next":"{next_url}"}}')
    with pytest.raises(Unavailable):
        list(client.transactions(uuid.uuid4()))


def test_a_repeated_cursor_raises_unavailable(client: Client, pluggy: LocalPluggy) -> None:
    """A-13, F-26: the client takes only the cursor from a next URL on another host."""
    body = '{"results":[],"next":"https://evil.test/?after=abc"}'
    pluggy.fault("status", "/v2/transactions", status=200, body=body, times=None)
    with pytest.raises(Unavailable, match="unusable cursor"):
        list(client.transactions(uuid.uuid4()))


@pytest.mark.parametrize("amount", ["NaN", "Infinity", '"a lot"', "null", "[]"])
def test_an_unreadable_amount_makes_only_its_own_transaction_unreadable(
    client: Client, pluggy: LocalPluggy, amount: str
) -> None:
    """A-64. Texts like "NaN" are rejected later, when the columns' bounds are checked (test_unreadable)."""
    transaction = (
        f'{{"id":"{uuid.uuid4()}","accountId":"{uuid.uuid4()}","description":"x","currencyCode":"BRL",'
        f'"amount":{amount},"date":"2026-11-20T00:00:00Z","createdAt":"2026-11-20T00:00:00Z",'
        '"updatedAt":"2026-11-20T00:00:00Z"}'
    )
    valid = transaction.replace(f'"amount":{amount}', '"amount":-1.5')
    body = f'{{"results":[{transaction},{valid}],"next":null}}'
    pluggy.fault("status", "/v2/transactions", status=200, body=body)
    (page,) = client.transactions(uuid.uuid4())
    amounts = [payload.amount for payload in page.transactions if payload.amount.is_finite()]
    assert amounts == [Decimal("-1.5")]
    assert all("amount" in unreadable.reason and unreadable.id for unreadable in page.unreadable)


def test_amounts_are_decoded_as_exact_decimals(client: Client, pluggy: LocalPluggy) -> None:
    body = (
        f'{{"id":"{uuid.uuid4()}","accountId":"{uuid.uuid4()}","description":"x","currencyCode":"BRL",'
        '"amount":2431.5285,"date":"2026-11-20T00:00:00Z","createdAt":"2026-11-20T00:00:00Z",'
        '"updatedAt":"2026-11-20T00:00:00Z","type":"SOMETHING NEW","future":{"field":1}}'
    )
    pluggy.fault("status", "/v2/transactions", status=200, body=f'{{"results":[{body}],"next":null}}')
    (((transaction,), *_),) = client.transactions(uuid.uuid4())
    assert transaction.amount == Decimal("2431.5285")


def test_redirects_are_not_followed(client: Client, pluggy: LocalPluggy) -> None:
    """A-12."""
    pluggy.fault("status", "/categories", status=302, body="")
    with pytest.raises(Unavailable):
        client.categories()


def test_nul_characters_are_removed_from_texts(client: Client, pluggy: LocalPluggy) -> None:
    body = r'{"results":[{"id":"1","description":"a\u0000b","descriptionTranslated":"c\\u0000d"}]}'
    pluggy.fault("status", "/categories", status=200, body=body)
    (category,) = client.categories()
    assert (category.description, category.description_translated) == ("ab", r"c\u0000d")


def test_a_key_that_expires_between_two_pages_loses_no_page(client: Client, pluggy: LocalPluggy) -> None:
    """F-32: the client renews the key once, requests the same page again and continues."""
    item_id = pluggy.connect("any-user")
    card = next(account for account in client.accounts(uuid.UUID(item_id)) if account.type == "CREDIT")

    def listed_ids() -> list[uuid.UUID]:
        return [payload.id for page in client.transactions(card.id) for payload in page.transactions]

    expected = listed_ids()
    assert len(expected) > 500
    pluggy.fault("status", "after=", status=403, body='{"code":403,"message":"expired"}')
    assert listed_ids() == expected
