"""Ask the user for what a run needs: a code (`parameter`) or an authorization at the bank (`userAction`)."""

import hmac
from typing import Any

from pluggy_sandbox.institutions import connectors
from pluggy_sandbox.institutions.digit_image import png_base64
from pluggy_sandbox.institutions.test_users import CODE
from pluggy_sandbox.store.items import Item

Json = dict[str, Any]
ACTIONS = ("qr", "authorize-access")
DECISIONS = (*ACTIONS, "oauth")  # approved or refused at the bank
OAUTH_FIELD = "oauth_code"
SIX_DIGITS = {"validation": r"^\d{6}$", "validationMessage": "O código deve ter 6 números."}
FIELDS: dict[str, Json] = {
    "code": SIX_DIGITS
    | {"label": "Código de segurança", "assistiveText": "Digite o código de 6 dígitos enviado pelo banco"},
    "phone": SIX_DIGITS
    | {
        "label": "Código recebido por SMS",
        "assistiveText": "Digite o código de 6 dígitos do SMS",
        "instructions": "O banco enviou um SMS para o telefone (11) 9****-4321.",
    },
    "image": SIX_DIGITS
    | {"label": "Código da imagem", "type": "image", "assistiveText": "Digite os números da imagem"},
    "select": {
        "label": "Código mostrado pelo banco",
        "type": "select",
        "instructions": "Escolha o código que o aplicativo do banco mostra agora.",
        "options": [{"value": code, "label": code} for code in ("482913", CODE, "730164")],
    },
    "oauth": {
        "name": OAUTH_FIELD,
        "label": "Autorização no banco",
        "type": "text",
        "placeholder": None,
        "instructions": "Abra a página do banco, entre e autorize o compartilhamento.",
    },
}
INSTRUCTIONS = {
    "qr": "Abra o aplicativo do banco e leia o código QR.",
    "authorize-access": "Abra o aplicativo do banco e autorize este acesso.",
}


def required_prompt(item: Item) -> str:
    """Return what the run must ask for after the login, or an empty string."""
    challenge = item.challenge if item.challenge in ACTIONS else ""
    authorization = connectors.authorization(item.connector_id) or challenge
    if authorization and item.consent != "given":
        return authorization
    if item.challenge and item.challenge not in ACTIONS:
        return item.challenge
    second_step = connectors.asks_for_code(item.connector_id) and not connectors.code_field(item.connector_id)
    return "code" if second_step else ""


def parameter(kind: str, *, expires_at: str, page: str) -> Json:
    """Return the `parameter` of the second step; `page` is the address of the bank's page."""
    data = {"image": png_base64(CODE), "oauth": page}.get(kind)
    field = {"name": "token", "type": "number", "placeholder": CODE, "assistiveText": None}
    field |= {"validation": None, "validationMessage": None, "instructions": None}
    field |= FIELDS[kind] | {"mfa": True, "optional": False, "expiresAt": expires_at}
    return field | ({"data": data} if data else {})


def action(kind: str, *, expires_at: str, page: str) -> Json:
    """Return the `userAction` of an item; its attribute is the address of the bank's page."""
    name = "qrCode" if kind == "qr" else "url"
    return {
        "type": kind,
        "instructions": INSTRUCTIONS[kind],
        "attributes": {name: page},
        "expiresAt": expires_at,
    }


def is_correct(item: Item, value: str) -> bool:
    """Return whether the answer to the item's `parameter` is the expected one."""
    oauth = item.parameter is not None and item.parameter["name"] == OAUTH_FIELD
    return hmac.compare_digest((item.authorization_key if oauth else CODE).encode(), value.encode())


def awaits_decision(item: Item) -> bool:
    """Return whether the user, or another holder of the account, must still approve or refuse at the bank."""
    if item.status == "WAITING_USER_INPUT":
        return item.parameter is not None and item.parameter["name"] == OAUTH_FIELD
    return item.status == "WAITING_USER_ACTION" or item.execution_status == "USER_AUTHORIZATION_PENDING"
