"""The tag that gives a chart's data to the page."""

from typing import Any

from django import template
from django.utils.html import json_script
from django.utils.safestring import SafeString

from banking.web.charts import Chart, FlowChart
from banking.web.templatetags.finance import hides_amounts

register = template.Library()


@register.simple_tag(takes_context=True)
def chart_data(context: dict[str, Any], chart: Chart | FlowChart) -> SafeString:
    """Render the data as JSON; without amounts, if the user hides them."""
    return json_script(chart.to_json(hidden=hides_amounts(context)))
