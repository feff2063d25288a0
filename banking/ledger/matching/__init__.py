"""Match transactions that belong together: transfers, card payments, refunds, duplicates (docs/numbers.md, 3).

`update_matches` runs the detection again for some dates and stores the result.
"""

from banking.ledger.matching.reconciliation import remove_matches_of, update_matches

__all__ = ["remove_matches_of", "update_matches"]
