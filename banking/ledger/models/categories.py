"""The category tree: Pluggy's 130 categories in English and Portuguese, up to three levels."""

import time
from collections.abc import Iterable
from functools import lru_cache

from django.db import models
from django.utils.translation import get_language

OTHER = "99999999"
CACHE_SECONDS = 60


class Category(models.Model):
    """A category. Ids are Pluggy's; the level is given by `parent`, never computed from the digits of the id."""

    id = models.CharField(primary_key=True, max_length=12)
    name_en = models.CharField(max_length=120)
    name_pt = models.CharField(max_length=120)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    root_id = models.CharField(max_length=12, db_index=True, help_text="its top-level category, or itself")

    class Meta:
        verbose_name_plural = "categories"
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return self.name_pt if (get_language() or "pt").startswith("pt") else self.name_en


class CategoryTree:
    """All categories in memory, loaded in one query."""

    def __init__(self, categories: Iterable[Category]) -> None:
        self.by_id = {category.id: category for category in categories}

    @classmethod
    def load(cls) -> "CategoryTree":
        return cls(Category.objects.all())

    @classmethod
    def cached(cls) -> "CategoryTree":
        """Return the tree as it was at some time in the last minute; for pages."""
        return _load_in_minute(int(time.monotonic() // CACHE_SECONDS))

    @staticmethod
    def clear_cache() -> None:
        """Clear what this process has cached."""
        _load_in_minute.cache_clear()

    @property
    def roots(self) -> dict[str, str]:
        """Map each category id to the id of its top-level category."""
        return {category.id: category.root_id for category in self.by_id.values()}

    def __contains__(self, category_id: str) -> bool:
        return category_id in self.by_id

    def name(self, category_id: str) -> str:
        return self.by_id[category_id].name

    def root(self, category_id: str) -> str:
        return self.by_id[category_id].root_id

    def branch(self, category_id: str) -> set[str]:
        """Return the ids of the category and of all below it."""
        return {other_id for other_id in self.by_id if category_id in self._path(other_id)}

    def second_level(self, category_id: str) -> str:
        """Return the ancestor just below the top level, or the category itself if it is at the top."""
        path = self._path(category_id)
        return path[-2] if len(path) > 1 else path[0]

    def _path(self, category_id: str) -> list[str]:
        """Return the ids from the category up to its top-level category."""
        path = [category_id]
        while (parent := self.by_id[path[-1]].parent_id) is not None:
            path.append(parent)
        return path


@lru_cache(maxsize=1)
def _load_in_minute(_minute: int) -> CategoryTree:
    return CategoryTree.load()
