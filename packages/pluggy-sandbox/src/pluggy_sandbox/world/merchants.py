"""Where people spend: descriptions with category, price range and merchant category code."""

from dataclasses import dataclass
from functools import cache
from random import Random

from pluggy_sandbox.world.people import cnpj


@dataclass(frozen=True)
class PurchaseKind:
    """A kind of purchase: its weight, descriptions, category, price range in cents and MCC."""

    weight: int
    texts: tuple[str, ...]
    category: str
    low: int
    high: int
    mcc: int


PURCHASE_KINDS = (
    PurchaseKind(
        16,
        ("IFD*CANTINA DA VILA", "IFD*SUSHI LIBERDADE", "IFD*BURGER DA PRACA"),
        "11020000",
        2890,
        9890,
        5812,
    ),
    PurchaseKind(13, ("UBER *TRIP", "UBER* TRIP SAO PAULO", "99APP *99APP"), "19010000", 890, 4590, 4121),
    PurchaseKind(
        12,
        ("MERCADO BOA SAFRA", "SUPERMERCADO PONTO BOM", "HORTIFRUTI VERDE VALE"),
        "10000000",
        3200,
        26900,
        5411,
    ),
    PurchaseKind(
        10,
        ("RESTAURANTE TEMPERO MINEIRO", "BAR DO ZECA", "PAG*PASTELARIADAFEIRA"),
        "11010000",
        1800,
        12900,
        5812,
    ),
    PurchaseKind(6, ("DROGARIA SAO BENTO", "FARMACIA POPULAR 24H"), "18020000", 1290, 14900, 5912),
    PurchaseKind(6, ("PADARIA PAO QUENTE", "CAFETERIA GRAO MOIDO"), "11010000", 750, 3900, 5462),
    PurchaseKind(5, ("POSTO ESTRELA DO SUL", "AUTO POSTO BR 101"), "19050001", 8000, 24000, 5541),
    PurchaseKind(
        4,
        ("MERCADOPAGO*LOJAVARAL", "AMZ*MARKETPLACE BR", "PAG*CASADOSPRESENTES"),
        "08010000",
        2990,
        24900,
        5399,
    ),
    PurchaseKind(2, ("LOJAS LINHO E ALGODAO", "CALCADOS PASSO FIRME"), "08040000", 5990, 25900, 5651),
    PurchaseKind(2, ("ESTAPAR ESTACIONAMENTO", "ZONA AZUL DIGITAL"), "19050002", 600, 3500, 7523),
    PurchaseKind(2, ("CINE BELAS TELAS", "INGRESSO*TEATRO RUA"), "07040003", 2400, 9800, 7832),
    PurchaseKind(1, ("PETSHOP PATA AMIGA",), "08030000", 4500, 18900, 5995),
    PurchaseKind(1, ("LIVRARIA PAGINA SOLTA",), "08060000", 2990, 12900, 5942),
    PurchaseKind(1, ("ODONTO SORRIR CLINICA",), "18010000", 12000, 28000, 8021),
)
WEIGHTS = [kind.weight for kind in PURCHASE_KINDS]

# day of month, key, text, category, price in cents, merchant code
SUBSCRIPTIONS = (
    (2, "gym", "ACADEMIA CORPO LEVE", "07030001", 11990, 7997),
    (6, "video", "PAG*TELAVIVA STREAM", "09020000", 4490, 4899),
    (11, "music", "ONDAFONE MUSICA", "09030000", 2190, 4899),
    (16, "cloud", "NUVEMBOX ARMAZENAMENTO", "09000000", 1490, 4816),
    (21, "delivery-club", "IFD*CLUBE MENSAL", "11020000", 1290, 5812),
    (27, "news", "JORNAL O ESTAFETA DIGITAL", "09000000", 2990, 5968),
)

INSTALLMENT_PURCHASES = (
    ("ELETRO CENTRAL GELADEIRA", "08020000", 289900, 10, 5732),
    ("PAG*NOTEBOOK E CIA", "08020000", 419990, 12, 5732),
    ("MOVEIS JACARANDA SOFA", "17030000", 199990, 6, 5712),
    ("VIAJA MAIS PASSAGENS", "12010000", 134900, 5, 4511),
    ("OTICA VER BEM", "18030000", 89990, 3, 8043),
    ("LOJA ESPORTE TOTAL", "08070000", 100000, 3, 5941),
)


def choose(rng: Random) -> tuple[str, PurchaseKind, int]:
    """Return a random purchase: description, kind and price."""
    kind = rng.choices(PURCHASE_KINDS, WEIGHTS)[0]
    skewed = rng.random() ** 1.7  # most purchases are small
    return rng.choice(kind.texts), kind, kind.low + int((kind.high - kind.low) * skewed)


@cache
def merchant(text: str) -> tuple[str, str]:
    """Return the name and CNPJ of the merchant of a description."""
    name = text.split("*")[-1].strip().title() or text.title()
    return name, cnpj(Random(f"shop/{text}"))
