"""The person's rules: the list, a form that shows what a rule would do, and the way to a new one."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from banking import tasks
from banking.actions import rules as actions
from banking.forms import RuleForm
from banking.models import CategoryTree, Rule, Transaction
from banking.periods import Month
from banking.reports import rules
from banking.views.scope import signed_in
from banking.views.words.rows import KINDS
from banking.views.words.rules import RULE_CHOICES

PREFILLED = (*RuleForm.IF, *RuleForm.THEN)


@login_required
@require_safe
def rules_list(request: HttpRequest) -> HttpResponse:
    return render(request, "banking/rules.html", {"lines": rules.rules(signed_in(request))})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_rule(request: HttpRequest) -> HttpResponse:
    """Its fields may stand in the address; then what it would do is shown at once."""
    user = signed_in(request)
    draft = Rule(user=user, position=actions.first_place(user))
    if request.method == "POST":
        return _answer(request, draft)
    told = {name: request.GET[name][:500] for name in PREFILLED if name in request.GET}
    tried = _rule_form(user, told | {"past": "on"})
    preview = _preview(tried, draft) if told and tried.is_valid() else None
    return _page(request, draft, _rule_form(user, initial=told), preview)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def rule(request: HttpRequest, rule_id: int) -> HttpResponse:
    mine = _mine(request, rule_id)
    if request.method == "POST":
        return _answer(request, mine)
    return _page(request, mine, _rule_form(mine.user, initial=_said(mine)))


def _answer(request: HttpRequest, draft: Rule) -> HttpResponse:
    """Stored, or only tried, or refused."""
    form = _rule_form(draft.user, request.POST)
    if not form.is_valid():
        return _page(request, draft, form)
    if "preview" in request.POST:
        return _page(request, draft, form, _preview(form, draft))
    actions.save(form.fill(draft, today=timezone.localdate()), now=timezone.now())
    return _applied(request, draft, _("Saved."))


def _rule_form(user: User, data: Mapping[str, Any] | None = None, **options: Any) -> RuleForm:
    return RuleForm(data, user=user, kinds=KINDS, words=RULE_CHOICES, **options)


def _preview(form: RuleForm, draft: Rule) -> rules.Preview:
    today = timezone.localdate()
    return rules.preview(form.fill(draft, today=today), CategoryTree.at_hand(), month=Month.of(today))


def _page(
    request: HttpRequest, draft: Rule, form: RuleForm, preview: rules.Preview | None = None
) -> HttpResponse:
    context = {"rule": draft, "form": form, "preview": preview}
    return render(request, "banking/rule.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def move_rule(request: HttpRequest, rule_id: int) -> HttpResponse:
    mine = _mine(request, rule_id)
    if actions.move(mine, up=request.POST.get("way") == "up", now=timezone.now()):
        return _applied(request, mine, _("Moved."))
    return redirect("rules")


@login_required
@require_POST
def delete_rule(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Undo: what fell under it is again what it would be without it."""
    mine = _mine(request, rule_id)
    actions.withdraw(mine, now=timezone.now())
    return _applied(request, mine, _("Deleted."))


def _applied(request: HttpRequest, mine: Rule, done: str) -> HttpResponse:
    """At once, or by a task when it is too much to wait for."""
    if actions.is_long(mine):
        tasks.apply_soon(mine)
        follows = _("Your many transactions follow in a moment.")
        messages.info(request, f"{done} {follows}")
    else:
        n = actions.apply(mine)
        told = ngettext("%(n)s transaction changed.", "%(n)s transactions changed.", n) % {"n": n}
        messages.success(request, f"{done} {told}")
    return redirect("rules")


def _mine(request: HttpRequest, rule_id: int) -> Rule:
    mine = Rule.objects.of(signed_in(request)).in_force().select_related("user", "category", "account")
    return get_object_or_404(mine, pk=rule_id)


def _said(mine: Rule) -> dict[str, Any]:
    names = ("text", "match", "direction", "least", "most", "kind", "hides")
    return {name: getattr(mine, name) for name in names} | {
        "account": str(mine.account_id or ""),
        "category": mine.category_id or "",
        "tags": ", ".join(mine.tags),
        "past": mine.since is None,
    }


def url_like(row: Transaction, category_id: str) -> str:
    """A new rule that says of all rows like this one what was said of it."""
    like = {"text": row.title[:200], "match": Rule.Match.EQUALS.value, "category": category_id}
    return f"{reverse('new_rule')}?{urlencode(like)}"


def always(row: Transaction) -> SafeString:
    """“Saved. Always do this?”, after the person gave one row a category."""
    url = url_like(row, row.person_category_id or row.category_id)
    return format_html('{} <a class="link" href="{}">{}</a>', _("Saved."), url, _("Always do this?"))
