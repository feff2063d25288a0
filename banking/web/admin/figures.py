"""The page of figures over all users."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from banking.reports.operator_figures import MIN_USERS, operator_figures
from banking.web.labels.connections import RUNS


def figures_page(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("connections.view_item"):
        raise PermissionDenied
    figures = operator_figures(now=timezone.now(), today=timezone.localdate())
    context = {
        **admin.site.each_context(request),
        "title": _("Figures of all users"),
        "figures": figures,
        "syncs": [(RUNS[counts.outcome].title, counts) for counts in figures.syncs],
        "min_users": MIN_USERS,
    }
    return render(request, "admin/figures.html", context)
