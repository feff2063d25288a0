"""Items from the first login to the deletion."""

from sandbox_testing.program import GOOD, Client, wait_until


def test_create_answers_at_once_and_collects_afterwards(pluggy: Client) -> None:
    first = pluggy.post("/items", connectorId=9001, parameters=GOOD, clientUserId="caio").json()
    assert (first["status"], first["executionStatus"]) == ("UPDATING", "CREATED")
    assert first["connector"]["name"] == "Banco Aurora"
    item = pluggy.settled(first["id"])
    assert (item["status"], item["executionStatus"], item["error"]) == ("UPDATED", "SUCCESS", None)
    assert item["lastUpdatedAt"] and item["nextAutoSyncAt"]
    assert set(pluggy.accounts(item["id"])) == {"CHECKING_ACCOUNT", "SAVINGS_ACCOUNT", "CREDIT_CARD"}


def test_a_wrong_password_is_refused_and_needs_new_parameters(pluggy: Client) -> None:
    item = pluggy.connect(2, parameters={"user": "user-ok", "password": "wrong"})
    assert item["executionStatus"] == "INVALID_CREDENTIALS"
    assert item["consecutiveFailedLoginAttempts"] == 1
    again = pluggy.patch(f"/items/{item['id']}")
    assert (again.status_code, again.json()["codeDescription"]) == (400, "LAST_EXECUTION_HAD_LOGIN_ERROR")
    pluggy.patch(f"/items/{item['id']}", parameters=GOOD)
    assert pluggy.settled(item["id"])["executionStatus"] == "SUCCESS"


def test_missing_parameters_are_reported(pluggy: Client) -> None:
    answer = pluggy.post("/items", connectorId=2, parameters={"password": "password-ok"})
    assert answer.status_code == 400
    assert answer.json()["codeDescription"] == "CONNECTOR_VALIDATION_ERROR"
    assert answer.json()["details"][0]["parameter"] == "user"


def test_the_code_of_the_second_step(pluggy: Client) -> None:
    item = pluggy.connect(5)
    assert (item["status"], item["parameter"]["name"]) == ("WAITING_USER_INPUT", "token")
    wrong = pluggy.post(f"/items/{item['id']}/mfa", other="123456")
    assert wrong.json()["codeDescription"] == "ITEM_MFA_PARAMETER_EXPECTED_MISMATCH"
    pluggy.post(f"/items/{item['id']}/mfa", token="000000")
    assert pluggy.settled(item["id"])["executionStatus"] == "INVALID_CREDENTIALS_MFA"
    pluggy.patch(f"/items/{item['id']}")
    wait_until(lambda: pluggy.get(f"/items/{item['id']}").json()["status"] == "WAITING_USER_INPUT")
    pluggy.post(f"/items/{item['id']}/mfa", token="123456")
    assert pluggy.settled(item["id"])["executionStatus"] == "SUCCESS"
    late = pluggy.post(f"/items/{item['id']}/mfa", token="123456")
    assert (late.status_code, late.json()["codeDescription"]) == (400, "ITEM_MFA_NOT_FOUND")


def test_a_second_update_during_a_run_is_refused(pluggy: Client) -> None:
    item = pluggy.connect(2)
    pluggy.post(f"/_control/items/{item['id']}/status", status="UPDATING")
    busy = pluggy.patch(f"/items/{item['id']}")
    assert (busy.status_code, busy.json()["codeDescription"]) == (409, "ITEM_IS_ALREADY_UPDATING")


def test_duplicates_are_refused_on_request(pluggy: Client) -> None:
    first = pluggy.connect(2, clientUserId="dora")
    body = {"connectorId": 2, "parameters": GOOD, "clientUserId": "dora", "avoidDuplicates": True}
    answer = pluggy.post("/items", **body)
    assert answer.json()["codeDescription"] == "ITEM_USER_ALREADY_EXISTS"
    assert answer.json()["items"] == [first["id"]]


def test_a_deleted_item_has_no_data(pluggy: Client) -> None:
    item = pluggy.connect(2)
    account = pluggy.accounts(item["id"])["CHECKING_ACCOUNT"]
    assert pluggy.delete(f"/items/{item['id']}").json() == {"count": 1}
    assert pluggy.get(f"/items/{item['id']}").json()["codeDescription"] == "ITEM_NOT_FOUND"
    assert pluggy.get("/accounts", itemId=item["id"]).json()["results"] == []
    assert pluggy.transactions(account["id"]) == []
    assert pluggy.delete(f"/items/{item['id']}").status_code == 404


def test_a_revoked_consent_reads_as_empty(pluggy: Client) -> None:
    item = pluggy.connect(2)
    account = pluggy.accounts(item["id"])["CHECKING_ACCOUNT"]
    pluggy.post(f"/_control/items/{item['id']}/status", executionStatus="USER_AUTHORIZATION_REVOKED")
    assert pluggy.get(f"/items/{item['id']}").json()["status"] == "LOGIN_ERROR"
    assert pluggy.accounts(item["id"]) == {}
    assert pluggy.transactions(account["id"]) == []


def test_test_institutions_are_hidden_by_default(pluggy: Client) -> None:
    real = {entry["id"] for entry in pluggy.get("/connectors").json()["results"]}
    every = {entry["id"] for entry in pluggy.get("/connectors", sandbox="true").json()["results"]}
    assert real == {200, 9001, 9002, 9003, 9004, 9005}
    assert every == real | {0, 1, 2, 5, 8, 600}
    business = pluggy.get("/connectors", sandbox="true", types="BUSINESS_BANK").json()["results"]
    assert [entry["id"] for entry in business] == [8]
    assert pluggy.get("/connectors/9001").json()["imageUrl"].startswith(pluggy.url)
    assert pluggy.get("/connectors/77").status_code == 404


def test_all_categories_are_listed(pluggy: Client) -> None:
    assert pluggy.get("/categories").json()["total"] == 130
    children = pluggy.get("/categories", parentId="11000000").json()["results"]
    assert {entry["id"] for entry in children} == {"11010000", "11020000"}
    assert pluggy.get("/categories/10000000").json()["descriptionTranslated"] == "Supermercado"
    assert pluggy.get("/categories/1").status_code == 404
