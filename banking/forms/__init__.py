"""What people may send us about their money."""

from banking.forms.edits import EditForm
from banking.forms.parts import PartForm, PartForms
from banking.forms.rules import RuleForm
from banking.forms.words import CategoryForm, PersonsWordForm

__all__ = ["CategoryForm", "EditForm", "PartForm", "PartForms", "PersonsWordForm", "RuleForm"]
