"""Categories that follow from the kind of operation: the codes of Open Finance, and the bank's own words for it."""

import re

from banking.money.text import folded

SALARY, OVERDRAFT_COSTS, LOANS, PROCEEDS, INVESTMENTS = (
    "01010000",
    "02010000",
    "02000000",
    "03060000",
    "03000000",
)
FEES, FINANCIAL_TAX, TAXES, CASH, SLIP = "16000000", "15030000", "15000000", "05020000", "05010000"

OPERATIONS = {
    "TED": "05080000",
    "DOC": "05040000",
    "PIX": "05070000",
    "TRANSFERENCIA_MESMA_INSTITUICAO": "05060000",
    "BOLETO": SLIP,
    "DEPOSITO": CASH,
    "SAQUE": CASH,
    "PACOTE_TARIFA_SERVICOS": "16010000",
    "TARIFA_SERVICOS_AVULSOS": FEES,
    "TARIFA": "16030000",
    "ENCARGOS_JUROS_CHEQUE_ESPECIAL": OVERDRAFT_COSTS,
    "RENDIMENTO_APLIC_FINANCEIRA": PROCEEDS,
    "RESGATE_APLIC_FINANCEIRA": INVESTMENTS,
    "FOLHA_PAGAMENTO": SALARY,
    "PORTABILIDADE_SALARIO": SALARY,
    "OPERACAO_CREDITO": LOANS,
}
# For folded texts; the first that is found decides. Fees and taxes come before what they are paid for.
WORDS = tuple(
    (re.compile(pattern), category)
    for pattern, category in (
        (r"\b(tarifa|pacote de servicos|cesta|anuidade|manutencao de conta)\b", FEES),
        (r"\biof\b", FINANCIAL_TAX),
        (r"\b(juros|encargos|multa|mora|cheque especial)\b", OVERDRAFT_COSTS),
        (r"\b(imposto|tributo|darf|gps|iptu|ipva|licenciamento)\b", TAXES),
        (r"\b(salario|folha|proventos|vencimentos|13o)\b", SALARY),
        (r"\b(aposentadoria|inss)\b", "01020000"),
        (r"\b(rendimentos?|dividendos?|jcp)\b", PROCEEDS),
        (r"\b(aplicacao|resgate|investimento)\b", INVESTMENTS),
        (r"\bseguros?\b", "20000000"),
        (r"\bpedagio\b", "19050003"),
        (r"\brecarga\b.*\bcelular\b", "07010002"),
        (r"\b(emprestimo|financiamento|consorcio)\b", LOANS),
        (r"\b(saque|deposito em dinheiro)\b", CASH),
        (r"\bcambio\b", "05050000"),
        (r"\b(boleto|titulo)\b", SLIP),
        (r"\bpix\b", "05070000"),
        (r"\bted\b", "05080000"),
    )
)
# Of money in; the same words on money out mean that it goes to somebody else.
ONLY_IN = frozenset({SALARY, "01020000", PROCEEDS})


def category_of_operation(operation_type: str, additional_info: str, *, is_inflow: bool) -> str:
    """Return the category of a kind of operation; of OUTROS and unknown ones by the bank's words for it."""
    category = OPERATIONS.get(operation_type.upper(), "") or _category_of_words(additional_info)
    return "" if category in ONLY_IN and not is_inflow else category


def _category_of_words(additional_info: str) -> str:
    text = folded(additional_info)
    return next((category for pattern, category in WORDS if pattern.search(text)), "") if text else ""
