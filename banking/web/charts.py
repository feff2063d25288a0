"""Charts as data: labels and series of exact amounts, each with the URL of its transactions."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

THOUSANDTH = Decimal("0.001")


@dataclass(frozen=True)
class Series:
    """A line, a set of bars or the slices of a doughnut. None is a missing value."""

    name: str
    values: tuple[Decimal | None, ...]
    urls: tuple[str | None, ...] = ()  # of the transactions behind each value; None if it is not their sum
    color: str = "c1"  # a colour of tokens.css, without the dashes
    is_comparison: bool = False  # drawn thin and dashed
    is_line: bool = False  # a line over the bars, which are then stacked

    @property
    def points(self) -> tuple[tuple[Decimal | None, str | None], ...]:
        urls = self.urls or (None,) * len(self.values)
        return tuple(zip(self.values, urls, strict=True))


@dataclass(frozen=True)
class Chart:
    """A bar, line or doughnut chart of amounts in one currency."""

    kind: str  # bar, line or doughnut
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    currency: str
    is_horizontal: bool = False  # bars from left to right, for labels that are names
    labels_name: str = ""  # the head of the first column of the table

    @property
    def table(self) -> list[tuple[str, list[tuple[Decimal | None, str | None]]]]:
        """Return the same as a table: each label with its points."""
        columns = [series.points for series in self.series]
        return [(label, [column[index] for column in columns]) for index, label in enumerate(self.labels)]

    def to_json(self, *, hidden: bool = False) -> dict[str, Any]:
        """Return the data for static/js/charts.js. Hidden amounts become shares of the largest."""
        unit = _unit((value for series in self.series for value in series.values), hidden)
        return {
            "kind": self.kind,
            "is_horizontal": self.is_horizontal,
            "labels": self.labels,
            "currency": self.currency,
            "series": [
                {
                    "name": series.name,
                    "values": [_to_float(value, unit) for value in series.values],
                    "urls": series.urls,
                    "color": series.color,
                    "is_comparison": series.is_comparison,
                    "is_line": series.is_line,
                }
                for series in self.series
            ],
        }


@dataclass(frozen=True)
class FlowLink:
    """A stream between two nodes. Its width is the value without its sign."""

    source: str
    target: str
    value: Decimal
    url: str
    color: str = "c1"


@dataclass(frozen=True)
class FlowChart:
    """A Sankey chart. `nodes` are the names of sources and targets, by their keys."""

    links: tuple[FlowLink, ...]
    nodes: dict[str, str]
    currency: str
    kind: str = "sankey"

    @property
    def named_links(self) -> list[FlowLink]:
        """Return the links with names instead of keys, for a table."""
        return [
            replace(link, source=self.nodes[link.source], target=self.nodes[link.target])
            for link in self.links
        ]

    def to_json(self, *, hidden: bool = False) -> dict[str, Any]:
        """Return the data for static/js/charts.js. Hidden amounts become shares of the largest."""
        unit = _unit((link.value for link in self.links), hidden)
        flows = [
            {
                "from": link.source,
                "to": link.target,
                "flow": _to_float(abs(link.value), unit),
                "url": link.url,
                "color": link.color,
            }
            for link in self.links
        ]
        return {"kind": self.kind, "flows": flows, "nodes": self.nodes, "currency": self.currency}


def _unit(values: Iterable[Decimal | None], hidden: bool) -> Decimal | None:
    """Return by what hidden values are divided; None if they may be seen."""
    return max((abs(value) for value in values if value), default=Decimal(1)) if hidden else None


def _to_float(value: Decimal | None, unit: Decimal | None) -> float | None:
    """Convert an amount for drawing; the exact amounts are in the table."""
    if value is None:
        return None
    return float(value if unit is None else (value / unit).quantize(THOUSANDTH))
