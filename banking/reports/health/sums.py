"""Every monthly sum is the sum of its rows."""

from banking import rollups
from banking.models import Account
from banking.reports.health.violation import Violation

NAME = "every monthly sum is the sum of its rows"


def violations() -> list[Violation]:
    found = rollups.differences()
    accounts: dict[object, Account] = {**Account.objects.in_bulk({row[1] for row in found})}
    return [
        Violation(NAME, " ".join(map(str, row)), accounts[row[1]].item_id if row[1] in accounts else None)
        for row in found
    ]
