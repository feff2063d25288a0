"""Merchant category codes of card purchases (ISO 18245, four digits).

Codes that do not tell what was bought have no category: cash, money transfers, securities.
"""

from banking.ledger.category_codes.ranges import RangeTable

MCC = RangeTable(
    (
        (742, 742, "08030000"),  # veterinarians
        (763, 780, "17000000"),  # gardening
        (1520, 1799, "17000000"),  # builders
        (3000, 3350, "12010000"),  # airlines, one code each
        (3351, 3500, "19030000"),  # car rentals, one code each
        (3501, 3999, "12020000"),  # hotels, one code each
        (4011, 4112, "19020000"),  # railways, local transport
        (4119, 4119, "18040000"),  # ambulances
        (4121, 4121, "19010000"),  # taxis and ride-hailing
        (4131, 4131, "12040000"),  # coaches
        (4214, 4225, "07000000"),  # movers, couriers, storage
        (4411, 4468, "12000000"),  # cruises, boats
        (4511, 4582, "12010000"),  # airlines, airports
        (4722, 4723, "12000000"),  # travel agencies
        (4784, 4784, "19050003"),  # tolls
        (4789, 4789, "19000000"),
        (4812, 4812, "08020000"),  # telephones
        (4813, 4815, "07010000"),  # telephone services
        (4816, 4816, "07010001"),  # internet
        (4899, 4899, "07010003"),  # pay TV
        (4900, 4900, "17020000"),  # electricity, gas, water
        (5045, 5045, "08020000"),  # computers
        (5047, 5047, "18000000"),  # medical equipment
        (5111, 5111, "08080000"),  # stationery
        (5122, 5122, "18020000"),  # drugs
        (5137, 5139, "08040000"),  # clothing, shoes
        (5172, 5172, "19050001"),  # fuel
        (5192, 5192, "08060000"),  # books
        (5193, 5193, "08000000"),
        (5198, 5261, "17030000"),  # paint, tools, building material, gardens
        (5262, 5262, "08010000"),  # marketplaces
        (5300, 5300, "10000000"),  # wholesale clubs
        (5309, 5399, "08000000"),  # department and variety stores
        (5411, 5451, "10000000"),  # supermarkets, butchers, dairies
        (5462, 5462, "11010000"),  # bakeries
        (5499, 5499, "10000000"),
        (5511, 5531, "19050000"),  # cars
        (5532, 5533, "19050005"),  # tires, parts
        (5541, 5542, "19050001"),  # gas stations
        (5551, 5551, "19050000"),
        (5552, 5552, "19050001"),  # charging of electric cars
        (5561, 5599, "19050000"),
        (5611, 5699, "08040000"),  # clothing, shoes
        (5712, 5722, "17030000"),  # furniture, household
        (5732, 5735, "08020000"),  # electronics, software, records
        (5811, 5814, "11010000"),  # restaurants, bars, snack bars
        (5815, 5815, "09000000"),  # digital media
        (5816, 5816, "09010000"),  # games
        (5817, 5818, "09000000"),  # apps
        (5912, 5912, "18020000"),  # pharmacies
        (5921, 5921, "11000000"),  # drinks
        (5931, 5939, "08000000"),
        (5940, 5941, "08070000"),  # bicycles, sports
        (5942, 5942, "08060000"),  # books
        (5943, 5943, "08080000"),  # stationery
        (5944, 5944, "08000000"),  # jewellery
        (5945, 5945, "08050000"),  # toys
        (5946, 5946, "08020000"),  # cameras
        (5947, 5950, "08000000"),
        (5960, 5960, "20000000"),  # insurance, sold directly
        (5962, 5962, "12000000"),  # travel, sold directly
        (5963, 5967, "08010000"),  # sold at the door, by mail, by telephone
        (5968, 5968, "09000000"),  # subscriptions
        (5969, 5969, "08010000"),
        (5970, 5970, "08080000"),  # artists' materials
        (5971, 5973, "08000000"),
        (5975, 5976, "18000000"),  # hearing aids, orthopedics
        (5977, 5978, "08000000"),  # cosmetics
        (5983, 5983, "17020003"),  # gas in bottles, oil, coal
        (5992, 5994, "08000000"),
        (5995, 5995, "08030000"),  # pets
        (5996, 5999, "08000000"),
        (6300, 6399, "20000000"),  # insurance
        (6513, 6513, "17010000"),  # rents
        (7011, 7033, "12020000"),  # hotels, camps
        (7210, 7217, "07000000"),  # laundries, cleaners
        (7221, 7221, "07000000"),
        (7230, 7230, "07030003"),  # hairdressers
        (7251, 7296, "07000000"),  # repairs, funerals, other personal services
        (7297, 7298, "07030003"),  # massage, spas
        (7299, 7361, "07000000"),
        (7372, 7372, "09000000"),  # software as a service
        (7375, 7399, "07000000"),
        (7512, 7519, "19030000"),  # car rental
        (7523, 7523, "19050002"),  # parking
        (7531, 7549, "19050005"),  # car repair, washing, towing
        (7622, 7699, "07000000"),  # repairs
        (7800, 7800, "14010000"),  # lotteries
        (7801, 7802, "14020000"),  # online bets
        (7829, 7829, "09020000"),  # films
        (7832, 7832, "07040003"),  # cinemas
        (7841, 7841, "09020000"),
        (7911, 7911, "21000000"),
        (7922, 7929, "07040003"),  # theatres, concerts
        (7932, 7933, "21000000"),  # billiards, bowling
        (7941, 7941, "07040001"),  # stadiums, clubs
        (7991, 7991, "07040002"),  # sights
        (7992, 7992, "07030002"),  # golf
        (7993, 7994, "21000000"),  # arcades
        (7995, 7995, "14000000"),  # bets, casinos
        (7996, 7996, "21000000"),  # amusement parks
        (7997, 7997, "07030001"),  # gyms, clubs
        (7998, 7998, "07040002"),  # aquariums
        (7999, 7999, "21000000"),
        (8011, 8011, "18040000"),  # doctors
        (8021, 8021, "18010000"),  # dentists
        (8031, 8041, "18040000"),
        (8042, 8043, "18030000"),  # glasses
        (8049, 8099, "18040000"),  # hospitals, laboratories
        (8111, 8111, "07000000"),  # lawyers
        (8211, 8211, "07020003"),  # schools
        (8220, 8220, "07020002"),  # universities
        (8241, 8299, "07020000"),  # courses
        (8351, 8351, "07020004"),  # child care
        (8398, 8398, "13000000"),  # charities
        (8641, 8651, "13000000"),
        (8661, 8661, "13000000"),  # religious organisations
        (8675, 8999, "07000000"),  # other services
        (9211, 9399, "15000000"),  # courts, fines, taxes, government
        (9402, 9402, "07000000"),  # post
    )
)


def category_of_mcc(code: int | str | None) -> str:
    """Return the category of a code, which banks send as a number or as text; empty if it gives none."""
    if isinstance(code, str):
        code = code.strip()
        if not (code.isascii() and code.isdigit() and len(code) <= 4):
            return ""
        code = int(code)
    if not isinstance(code, int) or isinstance(code, bool):
        return ""
    return MCC.find(code)
