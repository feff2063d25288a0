"""Filters for the pages of a user's account."""

from django import template

from accounts.devices import device_name

register = template.Library()


@register.filter
def device_label(user_agent: str) -> str:
    return device_name(user_agent)
