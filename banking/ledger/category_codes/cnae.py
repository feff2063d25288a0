"""Economic activities of Brazilian companies (CNAE 2.x, IBGE).

A code has seven digits, as in 4711-3/02: division 47, group 471, class 4711 with a check digit, subclass 02. The
table has ranges of classes, by their first four digits. Activities that sell to companies, or whose customers buy
anything, have no category: industry, most of the wholesale trade, banks.
"""

from banking.ledger.category_codes.ranges import RangeTable

CLASS_DIGITS, CODE_DIGITS = 4, (5, 7)  # a class has 5 digits with its check digit, a subclass 7

CNAE = RangeTable(
    (
        (3511, 3514, "17020002"),  # electricity
        (3520, 3520, "17020003"),  # piped gas
        (3600, 3702, "17020001"),  # water, sewage
        (3811, 3900, "17020000"),  # waste
        (4110, 4399, "17000000"),  # builders
        (4511, 4512, "19050000"),  # cars
        (4520, 4530, "19050005"),  # car repair, parts
        (4541, 4542, "19050000"),  # motorcycles
        (4543, 4543, "19050005"),
        (4691, 4691, "10000000"),  # wholesale markets of food
        (4711, 4712, "10000000"),  # supermarkets, small shops
        (4713, 4713, "08000000"),  # department stores
        (4721, 4722, "10000000"),  # bread, milk, sweets, meat, fish
        (4723, 4723, "11000000"),  # drinks
        (4724, 4729, "10000000"),  # fruit, other food
        (4731, 4731, "19050001"),  # gas stations
        (4732, 4732, "19050005"),  # lubricants
        (4741, 4744, "17030000"),  # building material, tools
        (4751, 4753, "08020000"),  # computers, telephones, appliances
        (4754, 4754, "17030000"),  # furniture
        (4755, 4756, "08000000"),
        (4757, 4757, "08020000"),
        (4759, 4759, "17030000"),  # household
        (4761, 4761, "08060000"),  # books, papers
        (4762, 4762, "08000000"),
        (4763, 4763, "08050000"),  # toys, sports
        (4771, 4771, "18020000"),  # pharmacies
        (4772, 4772, "08000000"),  # cosmetics
        (4773, 4773, "18000000"),  # orthopedics
        (4774, 4774, "18030000"),  # glasses
        (4781, 4782, "08040000"),  # clothing, shoes
        (4783, 4783, "08000000"),
        (4784, 4784, "17020003"),  # gas in bottles
        (4785, 4790, "08000000"),
        (4911, 4921, "19020000"),  # railways, metro, city buses
        (4922, 4922, "12040000"),  # coaches
        (4923, 4923, "19010000"),  # taxis
        (4924, 4929, "19000000"),
        (5011, 5099, "12000000"),  # ships
        (5111, 5120, "12010000"),  # airlines
        (5221, 5221, "19050003"),  # toll roads
        (5223, 5223, "19050002"),  # parking
        (5240, 5240, "12010000"),  # airports
        (5310, 5320, "07000000"),  # post
        (5510, 5590, "12020000"),  # hotels
        (5611, 5620, "11010000"),  # restaurants, bars, catering
        (5811, 5829, "08060000"),  # publishers
        (5911, 5913, "09020000"),  # films
        (5914, 5914, "07040003"),  # cinemas
        (5920, 5920, "09030000"),  # music
        (6010, 6022, "07010003"),  # TV
        (6110, 6130, "07010000"),  # telephone, internet
        (6141, 6143, "07010003"),  # pay TV
        (6190, 6190, "07010000"),
        (6201, 6399, "09000000"),  # software, portals
        (6511, 6511, "200100000"),  # life insurance
        (6512, 6512, "20000000"),  # other insurance
        (6520, 6520, "200300000"),  # health insurance
        (6550, 6550, "200300000"),  # health plans
        (6810, 6822, "17010000"),  # real estate
        (6911, 6920, "07000000"),  # lawyers, accountants
        (7111, 7490, "07000000"),  # architects, advertising, photographers
        (7500, 7500, "08030000"),  # veterinarians
        (7711, 7711, "19030000"),  # car rental
        (7721, 7729, "21000000"),  # rental for leisure
        (7911, 7990, "12000000"),  # travel agencies
        (8011, 8111, "07000000"),  # security, cleaning
        (8112, 8112, "17000000"),  # residential condominiums
        (8121, 8299, "07000000"),
        (8411, 8430, "15000000"),  # government
        (8511, 8511, "07020004"),  # child care
        (8512, 8520, "07020003"),  # schools
        (8531, 8533, "07020002"),  # universities
        (8541, 8550, "07020000"),
        (8591, 8591, "07030002"),  # lessons in sports
        (8592, 8599, "07020000"),  # courses
        (8610, 8730, "18040000"),  # hospitals, doctors, care
        (8800, 8800, "13000000"),  # social work
        (9001, 9003, "07040003"),  # theatres, concerts
        (9101, 9103, "07040002"),  # museums
        (9200, 9200, "14000000"),  # lotteries, bets
        (9311, 9312, "07030002"),  # sports clubs
        (9313, 9313, "07030001"),  # gyms
        (9319, 9319, "07030002"),
        (9321, 9329, "21000000"),  # parks, leisure
        (9411, 9499, "13000000"),  # associations, churches
        (9511, 9601, "07000000"),  # repairs, laundries
        (9602, 9602, "07030003"),  # hairdressers
        (9603, 9700, "07000000"),
    )
)


def category_of_cnae(code: str) -> str:
    """Return the category of a code, with or without punctuation; empty if it gives none."""
    digits = "".join(character for character in code if character not in " .-/")
    if not (digits.isascii() and digits.isdigit() and len(digits) in CODE_DIGITS):
        return ""
    return CNAE.find(int(digits[:CLASS_DIGITS]))
