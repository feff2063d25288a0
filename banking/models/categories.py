"""The category tree: Pluggy's 130 categories in English and Portuguese, up to three levels."""

import time
from collections.abc import Iterable
from functools import lru_cache

from django.db import models
from django.utils.translation import get_language

OTHER = "99999999"
KEPT_SECONDS = 60


class Category(models.Model):
    """One category. Ids are Pluggy's digit strings; the level is data, never arithmetic on the id."""

    id = models.CharField(primary_key=True, max_length=12)
    name_en = models.CharField(max_length=120)
    name_pt = models.CharField(max_length=120)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    root_id = models.CharField(max_length=12, db_index=True, help_text="the top of its branch, or itself")

    class Meta:
        verbose_name_plural = "categories"
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return self.name_pt if (get_language() or "pt").startswith("pt") else self.name_en


class CategoryTree:
    """All categories in memory, for naming and for walking up and down. One query."""

    def __init__(self, categories: Iterable[Category]) -> None:
        self.by_id = {category.id: category for category in categories}

    @classmethod
    def load(cls) -> "CategoryTree":
        return cls(Category.objects.all())

    @classmethod
    def at_hand(cls) -> "CategoryTree":
        """As it was within the last minute, for pages: it is nobody's, and hardly ever changes."""
        return _kept(int(time.monotonic() // KEPT_SECONDS))

    @staticmethod
    def forget() -> None:
        """What this process has at hand."""
        _kept.cache_clear()

    @property
    def roots(self) -> dict[str, str]:
        """The root of each category, by id."""
        return {category.id: category.root_id for category in self.by_id.values()}

    def __contains__(self, category_id: str) -> bool:
        return category_id in self.by_id

    def name(self, category_id: str) -> str:
        return self.by_id[category_id].name

    def root(self, category_id: str) -> str:
        return self.by_id[category_id].root_id

    def branch(self, category_id: str) -> set[str]:
        """The category and everything below it."""
        return {one for one in self.by_id if category_id in self._path(one)}

    def second_level(self, category_id: str) -> str:
        """The ancestor just below the root, or the root itself for rows that are directly in it."""
        path = self._path(category_id)
        return path[-2] if len(path) > 1 else path[0]

    def _path(self, category_id: str) -> list[str]:
        """From the category up to its root."""
        path = [category_id]
        while (parent := self.by_id[path[-1]].parent_id) is not None:
            path.append(parent)
        return path


@lru_cache(maxsize=1)
def _kept(minute: int) -> CategoryTree:
    return CategoryTree.load()
