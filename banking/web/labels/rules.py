"""Labels of rules."""

from django.utils.translation import gettext_lazy as _

from banking.ledger.models import Rule
from banking.web.labels.text import Text

RULE_CHOICES: dict[str, Text] = {
    Rule.Match.CONTAINS: _("contains"),
    Rule.Match.EQUALS: _("is exactly"),
    Rule.Match.STARTS: _("starts with"),
    Rule.Direction.OUT: _("Money out"),
    Rule.Direction.IN: _("Money in"),
}

RULE_TEXTS: dict[str, Text] = {
    Rule.Match.CONTAINS: _("the text contains “%(text)s”"),
    Rule.Match.EQUALS: _("the text is “%(text)s”"),
    Rule.Match.STARTS: _("the text starts with “%(text)s”"),
}

RULE_DIRECTIONS: dict[str, Text] = {
    Rule.Direction.OUT: _("money goes out"),
    Rule.Direction.IN: _("money comes in"),
}
