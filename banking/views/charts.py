"""What a chart shows: labels and series of exact amounts, each with the address of its rows."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

THOUSANDTH = Decimal("0.001")


@dataclass(frozen=True)
class Series:
    """One line, one set of bars or the slices of a doughnut; a value may be absent."""

    name: str
    values: tuple[Decimal | None, ...]
    urls: tuple[str | None, ...] = ()  # the rows behind each value; nothing where it is no sum of rows
    tone: str = "c1"  # a colour of tokens.css, without its dashes
    is_past: bool = False  # drawn thin and dashed: what the first series is compared with
    is_line: bool = False  # among bars: a line over them, which then share their place

    @property
    def marks(self) -> tuple[tuple[Decimal | None, str | None], ...]:
        urls = self.urls or (None,) * len(self.values)
        return tuple(zip(self.values, urls, strict=True))


@dataclass(frozen=True)
class Chart:
    """A bar, line or doughnut chart of amounts in one currency."""

    kind: str  # bar, line, doughnut
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    currency: str
    is_lying: bool = False  # bars from left to right: for labels that are names
    labels_name: str = ""  # what the labels are: the head of the table's first column

    @property
    def lines(self) -> list[tuple[str, list[tuple[Decimal | None, str | None]]]]:
        """The same as a table: each label with its marks."""
        columns = [one.marks for one in self.series]
        return [(label, [column[place] for column in columns]) for place, label in enumerate(self.labels)]

    def to_json(self, *, hidden: bool = False) -> dict[str, Any]:
        """For static/js/charts.js. Hidden amounts leave only as shares of the largest."""
        unit = _unit((value for one in self.series for value in one.values), hidden)
        series = [
            {
                "name": one.name,
                "values": [_drawn(value, unit) for value in one.values],
                "urls": one.urls,
                "tone": one.tone,
                "past": one.is_past,
                "line": one.is_line,
            }
            for one in self.series
        ]
        look = {"kind": self.kind, "lying": self.is_lying}
        return look | {"labels": self.labels, "series": series, "currency": self.currency}


@dataclass(frozen=True)
class Flow:
    """One stream between two nodes. The width is the value without its sign."""

    source: str
    target: str
    value: Decimal
    url: str
    tone: str = "c1"


@dataclass(frozen=True)
class Flows:
    """Where money comes from and goes to. `nodes` are the names of the sources and targets by their key."""

    flows: tuple[Flow, ...]
    nodes: dict[str, str]
    currency: str
    kind: str = "sankey"

    @property
    def named(self) -> list[Flow]:
        """The same as a table: names in place of keys."""
        return [
            replace(one, source=self.nodes[one.source], target=self.nodes[one.target]) for one in self.flows
        ]

    def to_json(self, *, hidden: bool = False) -> dict[str, Any]:
        unit = _unit((one.value for one in self.flows), hidden)
        flows = [
            {
                "from": one.source,
                "to": one.target,
                "flow": _drawn(abs(one.value), unit),
                "url": one.url,
                "tone": one.tone,
            }
            for one in self.flows
        ]
        return {"kind": self.kind, "flows": flows, "nodes": self.nodes, "currency": self.currency}


def _unit(values: Iterable[Decimal | None], hidden: bool) -> Decimal | None:
    """By what hidden values are divided; nothing when they may be seen."""
    return max((abs(value) for value in values if value), default=Decimal(1)) if hidden else None


def _drawn(value: Decimal | None, unit: Decimal | None) -> float | None:
    """A picture needs no cents: exact amounts stand in the table."""
    if value is None:
        return None
    return float(value if unit is None else (value / unit).quantize(THOUSANDTH))
