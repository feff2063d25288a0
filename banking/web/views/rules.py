"""Rules: the list, the form with a preview, moving and deleting."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.limits import limited
from accounts.models import User
from banking.ledger import rule_edits
from banking.ledger.models import CategoryTree, Rule, Transaction
from banking.money.periods import Month
from banking.reports.rules import RulePreview, preview, rule_lines
from banking.web import query_string, tasks
from banking.web.forms import RuleForm
from banking.web.query_string import current_user

PREFILLED = (*RuleForm.CONDITIONS, *RuleForm.EFFECTS)


@login_required
@require_safe
def rules_list(request: HttpRequest) -> HttpResponse:
    return render(request, "banking/rules/list.html", {"lines": rule_lines(current_user(request))})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@limited("rule")
def new_rule(request: HttpRequest) -> HttpResponse:
    """Show the form of a new rule. The query string may fill fields; then the preview is shown at once."""
    user = current_user(request)
    draft = Rule(user=user, position=rule_edits.first_position(user))
    if request.method == "POST":
        return _submit(request, draft)
    prefilled = {name: request.GET[name][:500] for name in PREFILLED if name in request.GET}
    tried = _form(user, prefilled | {"past": "on"})
    shown_preview = _preview(tried, draft) if prefilled and tried.is_valid() else None
    return _render(request, draft, _form(user, initial=prefilled), shown_preview)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@limited("rule")
def rule(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Show and change a rule."""
    own = _own_rule(request, rule_id)
    if request.method == "POST":
        return _submit(request, own)
    return _render(request, own, _form(own.user, initial=RuleForm.initial_for(own)))


def _submit(request: HttpRequest, draft: Rule) -> HttpResponse:
    """Save the rule, or show its preview or the errors of the form."""
    form = _form(draft.user, request.POST)
    if not form.is_valid():
        return _render(request, draft, form)
    if "preview" in request.POST:
        return _render(request, draft, form, _preview(form, draft))
    rule_edits.save(form.fill(draft, today=timezone.localdate()), now=timezone.now())
    return _apply(request, draft, _("Saved."))


def _form(user: User, data: Mapping[str, Any] | None = None, **options: Any) -> RuleForm:
    return RuleForm(data, user=user, **options)


def _preview(form: RuleForm, draft: Rule) -> RulePreview:
    today = timezone.localdate()
    return preview(form.fill(draft, today=today), CategoryTree.cached(), month=Month.of(today))


def _render(
    request: HttpRequest, draft: Rule, form: RuleForm, shown_preview: RulePreview | None = None
) -> HttpResponse:
    context = {"rule": draft, "form": form, "preview": shown_preview}
    return render(request, "banking/rules/form.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
@limited("rule")
def move_rule(request: HttpRequest, rule_id: int) -> HttpResponse:
    own = _own_rule(request, rule_id)
    if rule_edits.move(own, up=request.POST.get("way") == "up", now=timezone.now()):
        return _apply(request, own, _("Moved."))
    return redirect("rules")


@login_required
@require_POST
@limited("rule")
def delete_rule(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Delete a rule; its transactions become what they are without it."""
    own = _own_rule(request, rule_id)
    rule_edits.delete(own, now=timezone.now())
    return _apply(request, own, _("Deleted."))


def _apply(request: HttpRequest, changed: Rule, message: str) -> HttpResponse:
    """Apply a changed rule at once, or by a task if that takes too long."""
    if rule_edits.needs_task(changed):
        tasks.enqueue_rule(changed)
        follows = _("Your transactions will be updated in a moment.")
        messages.info(request, f"{message} {follows}")
    else:
        n = rule_edits.apply(changed)
        count = ngettext("%(n)s transaction changed.", "%(n)s transactions changed.", n) % {"n": n}
        messages.success(request, f"{message} {count}")
    return redirect("rules")


def _own_rule(request: HttpRequest, rule_id: int) -> Rule:
    own = Rule.objects.of(current_user(request)).active().select_related("user", "category", "account")
    return get_object_or_404(own, pk=rule_id)


def always_message(transaction: Transaction) -> SafeString:
    """Return the message after a user chose a category, with a link to a rule for all such transactions."""
    category_id = transaction.user_category_id or transaction.category_id
    url = query_string.similar_rule_url(transaction, category_id)
    return format_html('{} <a class="link" href="{}">{}</a>', _("Saved."), url, _("Always do this?"))
