"""What calls for grading a data set again (GB/T 43697-2024 annex J), as data; and which of it has happened since the last decision."""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from importlib import resources
from typing import Any

import yaml

from lakeward.grading.catalogue import GradingRules, Measure, verified_text

CATALOGUE = "regrading_triggers_gbt_43697_2024.yaml"
# Triggers that a person names; a lake does not show them.
BY_PERSON = ("incident", "authority", "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """One trigger of the catalogue.

    Args:
        item: Number of the item of annex J.
        direction: `up`, `down` or `both`: where the grade may go.
        share: Least change, 0 to 1; None if it does not apply.
        days: Least age; None if it does not apply.
    """

    id: str
    item: int
    direction: str
    share: Decimal | None
    days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedState:
    """What a data set was at its last decision, or is now.

    Args:
        decision: Number of the newest decision about it.
        decided_at: Time of that decision.
        sources: Table whose columns flow in -> the kinds of lineage.
        indirect: Core and important columns that only decide which rows there are.
        rules: Id of the rules.
    """

    decision: int
    decided_at: datetime
    rows: int
    sources: Mapping[str, tuple[str, ...]]
    indirect: tuple[str, ...]
    rules: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Triggered:
    """A trigger that has happened.

    Args:
        found, before: What is now, and what was at the last decision, as text.
        grade: Grade that the data set may have; empty if the trigger says none.
    """

    trigger: Trigger
    found: str
    before: str
    grade: str = ""


@functools.cache
def shipped_triggers() -> Mapping[str, Trigger]:
    """The triggers by id.

    Raises:
        DefinitionError: The catalogue was edited in place.
    """
    text = verified_text(resources.files("lakeward") / "expectations" / "catalogues", CATALOGUE)
    entries: dict[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)["triggers"]
    return {name: _trigger(name, entry) for name, entry in entries.items()}


def _trigger(name: str, entry: Mapping[str, Any]) -> Trigger:
    share = entry.get("share")
    return Trigger(
        id=name,
        item=entry["item"],
        direction=entry["direction"],
        share=None if share is None else Decimal(str(share)),
        days=entry.get("days"),
    )


def triggers_since(before: GradedState, now: GradedState, at: datetime) -> Iterator[Triggered]:
    """What has happened to a data set since its last decision."""
    known = shipped_triggers()
    moved = known["scale"].share or Decimal(1)
    if abs(now.rows - before.rows) >= moved * max(before.rows, 1):
        yield Triggered(trigger=known["scale"], found=str(now.rows), before=str(before.rows))
    if at - now.decided_at >= timedelta(days=known["age"].days or 0):
        yield Triggered(trigger=known["age"], found=f"{at:%Y-%m-%d}", before=f"{now.decided_at:%Y-%m-%d}")
    if now.rules != before.rules:
        yield Triggered(trigger=known["rules"], found=now.rules, before=before.rules)
    yield from _merges(before, now)


def _merges(before: GradedState, now: GradedState) -> Iterator[Triggered]:
    known = shipped_triggers()
    new = {table: kinds for table, kinds in now.sources.items() if table not in before.sources}
    for table, kinds in sorted(new.items()):
        kind = "merged" if set(kinds) == {"IDENTITY"} else "fused" if "IDENTITY" not in kinds else "joined"
        yield Triggered(trigger=known[kind], found=table, before=", ".join(sorted(before.sources)) or "-")
    for column in sorted(set(now.indirect) - set(before.indirect)):
        yield Triggered(trigger=known["indirect"], found=column, before=", ".join(sorted(before.indirect)) or "-")


def thresholds_reached(measures: Mapping[Measure, Decimal], rules: GradingRules) -> Iterator[Triggered]:
    """The highest threshold of each measure that a data set has reached."""
    for measure, size in measures.items():
        reached = [each for each in rules.thresholds if each.measure is measure and each.is_reached(size)]
        if reached:
            highest = max(reached, key=lambda each: each.least)
            before = f"{measure} {highest.least}, {highest.source}"
            found = f"{measure} {size}"
            yield Triggered(trigger=shipped_triggers()["threshold"], found=found, before=before, grade=highest.grade or "")
