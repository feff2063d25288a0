"""Compare the names of connectors: a bank may have a direct one and one of Open Finance."""

from banking.money.text import folded

SUFFIXES = frozenset({"open", "finance", "of", "direto", "pf"})  # of the names of a bank's connectors


def bank_words(connector_name: str) -> frozenset[str]:
    """Return the words of a connector's name that name the bank. `Banco Aurora (Open Finance)`: banco, aurora."""
    return frozenset(folded(connector_name).replace("(", " ").replace(")", " ").split()) - SUFFIXES
