"""Who was paid: a company by its CNPJ, anybody else by a name without what the card machine added to it."""

from django.db.models import Func, TextField, Value
from django.db.models.expressions import Combinable, F
from django.db.models.functions import Coalesce, Left, NullIf, Trim

from banking.folding import folded_column

LONGEST_KEY = 500
COMPANY_DIGITS = 8  # of a CNPJ; the rest is the branch
# Who took the card's money for the shop, before its name: "PAG*LOJA", "MP *LOJA", "IFD*LOJA".
_ACQUIRER = (
    r"^(mp|mercado ?pago|mercpago|pag|pagseguro|pg|pic|picpay|ifd|ifood|ebn|ebanx|ec|dl|dm|htm|hotmart|zp"
    r"|zoop|sumup|ton|stone|cielo|getnet|infinitepay|ip|paypal|asaas|iugu|vindi) ?\* ?"
)
_WITH_DIGIT = r"\S*\d\S*"  # a number of the shop, an instalment, a date
_BETWEEN_WORDS = r"[\s*./_-]+"


def merchant_name() -> Coalesce:
    """As the bank writes it: the shop, else the other person, else the row's own words."""
    return Coalesce(
        NullIf("merchant_name", Value("")),
        NullIf("counterparty", Value("")),
        F("description"),
        output_field=TextField(),
    )


def merchant_key() -> Coalesce:
    """The same for all rows of one shop or person; of the database, so that a report and its links agree."""
    company = Left("merchant_cnpj", COMPANY_DIGITS)
    name = folded_column(merchant_name())
    bare = _without(_BETWEEN_WORDS, _without(_WITH_DIGIT, _without(_ACQUIRER, name)))
    return Coalesce(
        NullIf(company, Value("")),
        NullIf(Left(Trim(bare), LONGEST_KEY), Value("")),
        NullIf(Left(Trim(name), LONGEST_KEY), Value("")),
        Value("?"),
        output_field=TextField(),
    )


def _without(pattern: str, text: Combinable) -> Func:
    """Each match as one blank."""
    return Func(
        text, Value(pattern), Value(" "), Value("g"), function="regexp_replace", output_field=TextField()
    )
