"""Forms: they validate input and give value types; they write nothing."""

from banking.web.forms.bulk_edits import BulkEditForm
from banking.web.forms.erasures import ErasureForm
from banking.web.forms.filters import TransactionFilterForm
from banking.web.forms.overrides import CategoryForm, TransactionEditForm
from banking.web.forms.rules import RuleForm
from banking.web.forms.splits import SplitForm, SplitFormSet

__all__ = [
    "BulkEditForm",
    "CategoryForm",
    "ErasureForm",
    "RuleForm",
    "SplitForm",
    "SplitFormSet",
    "TransactionEditForm",
    "TransactionFilterForm",
]
