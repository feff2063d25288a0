"""Which keys the stored hashes of documents were made with."""

from django.db import models
from django.db.models import Q


class DocumentKeys(models.Model):
    """One row: a hash of nothing by the keys in use, which names them and gives none away."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    fingerprint = models.CharField(max_length=64)

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(id=1), name="document_keys_has_one_row"),)

    def __str__(self) -> str:
        return self.fingerprint[:8]
