"""The words by which banks say what a transaction is, where they send no category for it."""

import re
from functools import lru_cache
from typing import NamedTuple

from banking.money.text import folded

# `PAG*LOJA` is a shop that sells through PagSeguro, not a payment.
PAYMENT_WORDS = re.compile(r"\b(pagamento|pagto|pgto|pag|fatura)\b(?!\s*\*)", re.IGNORECASE)
# This pattern and the next three are for folded texts: lower case, without accents.
REFUND_WORDS = re.compile(
    r"\b(estorn\w*|cashback|reembols\w*|devol\w*|dev\.? (pix|ted|doc|tev|boleto|compra|pagamento))\b"
)
# Lines of a statement that only show a balance, such as "saldo anterior" or "saldo do dia 05/10: 1.234,56".
BALANCE_LINE = re.compile(
    r"[\W_]*(saldo|s a l d o|sdo|sld)\b([\W_]|\b(anterior|inicial|final|atual|parcial|total|disponivel|bloqueado"
    r"|liberar|dia|mes|periodo|conta|corrente|cc|c|fatura|poupanca|aplic|aplicacao|aplicado|investimentos?|aut"
    r"|automatica|mais|em|de|do|da|na|no|a|ate|rs?|jan|fev|mar|abr|mai|jun|jul|ago|set|out|nov|dez)\b|\d)*"
)
# Automatic investments and savings, unless it is their tax, fee or yield.
NOT_INVESTED = re.compile(r"\b(iof|ir|irrf|imposto|tarifa|taxa|rend|rendimentos?|juros|multa)\b")
INVESTED = re.compile(
    r"\b(aplic|aplicacao|aplicacoes|apl|resg|resgate|res|investimento)\b.*"
    r"\b(aut|autom|automatic[ao]|cdb|rdb|lci|lca|fundos?|poupanca|tesouro|contamax|renda fixa)\b"
    r"|\b(rende|invest) facil\b|\bcontamax\b|\bdinheiro (guardado|resgatado)\b"
    r"|\b(guard\w+|resgat\w+|aplicacao|retirada)\b.*\b(caixinhas?|cofrinhos?)\b"
)
# What a bank account calls the payment of a card's bill; bills of other firms are called `fatura`, too.
BILL_WORDS = re.compile(
    r"\b(pagamento|pagto|pgto|pag)\b[\s.:-]*(d[aeo]\s+)?(fatura|cart[aã]o\s+(de\s+)?cr[eé]d)"
    r"|\bfatura\s+(d[eo]\s+)?cart",
    re.IGNORECASE,
)
FIRM_WORDS = re.compile(
    r"\b([aá]gua|energia|luz|g[aá]s|telefon\w*|celular|internet|banda|tv|vivo|claro|tim|oi|net|sky|enel|cemig|copel"
    r"|light|cpfl|sabesp|copasa|sanepar|energisa|equatorial|neoenergia|coelba|comg[aá]s|escola|condom[ií]nio)\b",
    re.IGNORECASE,
)
UNDONE_PAYMENT_WORDS = re.compile(
    r"\b(estorno|cancelamento|devolu[cç][aã]o|revers[aã]o)\s+(d[eo]\s+)?(pagamento|pagto|pgto|pag)\b(?!\s*\*)"
    r"|\b(pagamento|pagto|pgto)\b.*\b(estornado|cancelado|devolvido|revertido)\b",
    re.IGNORECASE,
)


class BankWords(NamedTuple):
    """Hints that a description gives. Each is only a hint: classification.py decides when it counts."""

    is_payment: bool
    is_refund: bool
    is_balance_line: bool
    is_investment: bool
    pays_card_bill: bool
    undoes_payment: bool


@lru_cache(maxsize=50_000)
def read_words(description: str) -> BankWords:
    """Read a description; cached, because the same few descriptions come again and again."""
    text = folded(description)
    return BankWords(
        is_payment=bool(PAYMENT_WORDS.search(description)),
        is_refund=bool(REFUND_WORDS.search(text)),
        is_balance_line=bool(BALANCE_LINE.fullmatch(text)),
        is_investment=bool(INVESTED.search(text)) and not NOT_INVESTED.search(text),
        pays_card_bill=bool(BILL_WORDS.search(description)) and not FIRM_WORDS.search(description),
        undoes_payment=bool(UNDONE_PAYMENT_WORDS.search(description)),
    )
