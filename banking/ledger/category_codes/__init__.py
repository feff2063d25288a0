"""Derive a category from codes of the merchant and of the operation, where Pluggy sends none.

Categories are an add-on of Pluggy: without it, or after the trial, `category` is null for every transaction.
mcc.py and cnae.py are tables of ranges, operations.py reads the kind of operation and its words.
"""

from banking.ledger.category_codes.codes import NO_CODES, CategoryCodes, category_by_codes

__all__ = ["NO_CODES", "CategoryCodes", "category_by_codes"]
