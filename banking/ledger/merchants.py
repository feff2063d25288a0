"""Group transactions by merchant: a company by its CNPJ, others by their name.

The name is cleaned of what the card acquirer and the bank add to it. All of it is computed by the database,
so that a report and the links behind it agree.
"""

from django.db.models import Func, TextField, Value
from django.db.models.expressions import Combinable, F
from django.db.models.functions import Coalesce, Left, NullIf, Trim

from banking.money.text import folded_column

MAX_KEY_LENGTH = 500
COMPANY_DIGITS = 8  # the first digits of a CNPJ name the company, the rest its branch
# The acquirer that took the card's money for the shop, before the shop's name: "PAG*LOJA", "MP *LOJA".
_ACQUIRER = (
    r"^(mp|mercado ?pago|mercpago|pag|pagseguro|pg|pic|picpay|ifd|ifood|ebn|ebanx|ec|dl|dm|htm|hotmart|zp"
    r"|zoop|sumup|ton|stone|cielo|getnet|infinitepay|ip|paypal|asaas|iugu|vindi) ?\* ?"
)
_OPERATION = r"^(compra (no |com |de )?(debito|credito|cartao)|deb(ito)? aut(omatico)?) (- )?"
_WORD_WITH_DIGIT = r"\S*\d\S*"  # a number of the shop, an installment, a date
_SEPARATORS = r"[\s*./_-]+"


def merchant_name() -> Coalesce:
    """Return an expression for the name: the merchant, else the counterparty, else the description."""
    return Coalesce(
        NullIf("merchant_name", Value("")),
        NullIf("counterparty", Value("")),
        F("description"),
        output_field=TextField(),
    )


def merchant_key() -> Coalesce:
    """Return an expression that is equal for all transactions of one merchant or person.

    Examples: "PAG*Padaria Sol 12" and "Padaria  Sol" both give "padaria sol"; a merchant with the CNPJ
    12.345.678/0001-90 gives "12345678".
    """
    company = Left("merchant_cnpj", COMPANY_DIGITS)
    name: Combinable = Trim(folded_column(merchant_name()))
    cleaned = name
    for pattern in (_OPERATION, _ACQUIRER, _WORD_WITH_DIGIT, _SEPARATORS):
        cleaned = Trim(_replace_with_space(pattern, cleaned))
    return Coalesce(
        NullIf(company, Value("")),
        NullIf(Left(cleaned, MAX_KEY_LENGTH), Value("")),
        NullIf(Left(name, MAX_KEY_LENGTH), Value("")),
        Value("?"),
        output_field=TextField(),
    )


def _replace_with_space(pattern: str, text: Combinable) -> Func:
    return Func(
        text, Value(pattern), Value(" "), Value("g"), function="regexp_replace", output_field=TextField()
    )
