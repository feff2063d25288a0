"""Bring the stored hashes of documents to the keys of the settings."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from banking.ledger import document_keys


class Command(BaseCommand):
    help = "Hash the stored hashes of documents with the keys that DOCUMENT_HASH_KEYS has more, in one transaction."

    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            rotation = document_keys.rotate(now=timezone.now())
        except (document_keys.WrongDocumentKeys, document_keys.SyncsAreRunning) as error:
            raise CommandError(str(error)) from error
        if not rotation.added_keys:
            self.stdout.write("nothing to do: the hashes have these keys")
        else:
            self.stdout.write(f"{rotation.hashes} hashes brought to {rotation.added_keys} more keys")
