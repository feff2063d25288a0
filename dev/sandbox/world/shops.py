"""Where people spend: statement descriptors with category, price range and merchant code."""

from dataclasses import dataclass
from functools import cache
from random import Random

from dev.sandbox.world.people import cnpj


@dataclass(frozen=True)
class Shop:
    """A kind of purchase: how often, what it says, what it costs (cents)."""

    weight: int
    texts: tuple[str, ...]
    category: str
    low: int
    high: int
    mcc: int


SHOPS = (
    Shop(
        16,
        ("IFD*CANTINA DA VILA", "IFD*SUSHI LIBERDADE", "IFD*BURGER DA PRACA"),
        "11020000",
        2890,
        9890,
        5812,
    ),
    Shop(13, ("UBER *TRIP", "UBER* TRIP SAO PAULO", "99APP *99APP"), "19010000", 890, 4590, 4121),
    Shop(
        12,
        ("MERCADO BOA SAFRA", "SUPERMERCADO PONTO BOM", "HORTIFRUTI VERDE VALE"),
        "10000000",
        3200,
        26900,
        5411,
    ),
    Shop(
        10,
        ("RESTAURANTE TEMPERO MINEIRO", "BAR DO ZECA", "PAG*PASTELARIADAFEIRA"),
        "11010000",
        1800,
        12900,
        5812,
    ),
    Shop(6, ("DROGARIA SAO BENTO", "FARMACIA POPULAR 24H"), "18020000", 1290, 14900, 5912),
    Shop(6, ("PADARIA PAO QUENTE", "CAFETERIA GRAO MOIDO"), "11010000", 750, 3900, 5462),
    Shop(5, ("POSTO ESTRELA DO SUL", "AUTO POSTO BR 101"), "19050001", 8000, 24000, 5541),
    Shop(
        4,
        ("MERCADOPAGO*LOJAVARAL", "AMZ*MARKETPLACE BR", "PAG*CASADOSPRESENTES"),
        "08010000",
        2990,
        24900,
        5399,
    ),
    Shop(2, ("LOJAS LINHO E ALGODAO", "CALCADOS PASSO FIRME"), "08040000", 5990, 25900, 5651),
    Shop(2, ("ESTAPAR ESTACIONAMENTO", "ZONA AZUL DIGITAL"), "19050002", 600, 3500, 7523),
    Shop(2, ("CINE BELAS TELAS", "INGRESSO*TEATRO RUA"), "07040003", 2400, 9800, 7832),
    Shop(1, ("PETSHOP PATA AMIGA",), "08030000", 4500, 18900, 5995),
    Shop(1, ("LIVRARIA PAGINA SOLTA",), "08060000", 2990, 12900, 5942),
    Shop(1, ("ODONTO SORRIR CLINICA",), "18010000", 12000, 28000, 8021),
)
WEIGHTS = [shop.weight for shop in SHOPS]

# day of month, key, text, category, price in cents, merchant code
SUBSCRIPTIONS = (
    (2, "gym", "ACADEMIA CORPO LEVE", "07030001", 11990, 7997),
    (6, "video", "PAG*TELAVIVA STREAM", "09020000", 4490, 4899),
    (11, "music", "ONDAFONE MUSICA", "09030000", 2190, 4899),
    (16, "cloud", "NUVEMBOX ARMAZENAMENTO", "09000000", 1490, 4816),
    (21, "delivery-club", "IFD*CLUBE MENSAL", "11020000", 1290, 5812),
    (27, "news", "JORNAL O ESTAFETA DIGITAL", "09000000", 2990, 5968),
)

INSTALMENT_BUYS = (
    ("ELETRO CENTRAL GELADEIRA", "08020000", 289900, 10, 5732),
    ("PAG*NOTEBOOK E CIA", "08020000", 419990, 12, 5732),
    ("MOVEIS JACARANDA SOFA", "17030000", 199990, 6, 5712),
    ("VIAJA MAIS PASSAGENS", "12010000", 134900, 5, 4511),
    ("OTICA VER BEM", "18030000", 89990, 3, 8043),
    ("LOJA ESPORTE TOTAL", "08070000", 100000, 3, 5941),
)


def choose(dice: Random) -> tuple[str, Shop, int]:
    """A purchase: text, shop and price."""
    shop = dice.choices(SHOPS, WEIGHTS)[0]
    skewed = dice.random() ** 1.7  # most purchases are small
    return dice.choice(shop.texts), shop, shop.low + int((shop.high - shop.low) * skewed)


@cache
def merchant(text: str) -> tuple[str, str]:
    """Name and CNPJ of the firm behind a descriptor."""
    name = text.split("*")[-1].strip().title() or text.title()
    return name, cnpj(Random(f"shop/{text}"))
