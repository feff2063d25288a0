"""Hand a chart to the page as data, never as code."""

from typing import Any

from django import template
from django.utils.html import json_script
from django.utils.safestring import SafeString

from banking.templatetags.finance import hides_amounts
from banking.views.charts import Chart, Flows

register = template.Library()


@register.simple_tag(takes_context=True)
def chart_data(context: dict[str, Any], chart: Chart | Flows) -> SafeString:
    """A block of JSON; in privacy mode no amount is in it."""
    return json_script(chart.to_json(hidden=hides_amounts(context)))
