"""Daily balances of accounts, investments and loans."""

from django.db import models
from django.db.models import Q

from accounts.models import User
from accounts.querysets import OwnedQuerySet
from banking.ledger.models.accounts import Account
from banking.ledger.models.investments import Investment
from banking.ledger.models.loans import Loan
from banking.money.fields import MoneyField


class BalanceSnapshot(models.Model):
    """The balance of an account, an investment or a loan on a day in São Paulo, as last read that day."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    account = models.ForeignKey(
        Account, null=True, on_delete=models.CASCADE, related_name="balance_snapshots", db_index=False
    )
    investment = models.ForeignKey(
        Investment, null=True, on_delete=models.CASCADE, related_name="balance_snapshots", db_index=False
    )
    loan = models.ForeignKey(
        Loan, null=True, on_delete=models.CASCADE, related_name="balance_snapshots", db_index=False
    )
    day = models.DateField()
    currency = models.CharField(max_length=3)
    balance = MoneyField(help_text="of a card or a loan: what is owed")

    objects = OwnedQuerySet["BalanceSnapshot"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["account", "day"], name="snapshot_one_per_account_and_day"),
            models.UniqueConstraint(fields=["investment", "day"], name="snapshot_one_per_investment_and_day"),
            models.UniqueConstraint(fields=["loan", "day"], name="snapshot_one_per_loan_and_day"),
            models.CheckConstraint(
                name="snapshot_has_one_owner",
                condition=Q(account__isnull=False, investment=None, loan=None)
                | Q(account=None, investment__isnull=False, loan=None)
                | Q(account=None, investment=None, loan__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.day} {self.balance}"
