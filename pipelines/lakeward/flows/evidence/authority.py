"""One source for each concept: columns of different tables that share values are proposed as one concept, and a steward decides which is the authority."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings
from lakeward.core.spelling import did_you_mean
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.signed_rows import append_signed
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.evidence.sketches import LINKS, SKETCHES, sketch_columns
from lakeward.flows.serving.policy import contract_columns

TABLE = "authority_decisions"


class Standing(StrEnum):
    """What a column is to its concept."""

    AUTHORITY = "authority"
    REFERENCE = "reference"
    DERIVED = "derived"
    COPY = "copy"
    OTHER = "other"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConceptColumn:
    """A column of a concept.

    Args:
        column: Its name, as `layer.table.column`.
        standing: What was decided; `undecided` while nothing was.
        distinct_values: Number of its distinct values when it was last looked at; None if it never was.
        similarity: Highest share of values that it has in common with another one, 0 to 1, estimated; None without a link.
        has_lineage: Whether lineage joins it with one that it shares values with.
    """

    column: str
    standing: Standing
    distinct_values: int | None
    similarity: Decimal | None
    has_lineage: bool

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `columns`."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """Columns that mean the same.

    Args:
        concept: Its name; of a proposal the most frequent name of its columns.
        authority: The column that is decided as authority; None while none is.
        proposed: The column that is proposed as authority: the key of its table with most values; None if none is a key.
        columns: Its columns.
    """

    concept: str
    authority: str | None
    proposed: str | None
    columns: tuple[ConceptColumn, ...]

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward asset concepts --json`."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConceptDecision:
    """A steward's decision about a concept.

    Args:
        concept: Its name.
        authority: The one column whose values count.
        others: Column -> what it is to the authority.
        reason: Why.
    """

    concept: str
    authority: str
    others: Mapping[str, Standing] = field(default_factory=dict)
    reason: str


def list_concepts(settings: Settings) -> list[Concept]:
    """The concepts that are decided, and those that shared values propose; tables that changed are looked at first.

    Raises:
        ProtectionError: Other users can read the key of hashes.
    """
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        sketch_columns(workspace, engine)
        return read_concepts(engine)


def read_concepts(engine: Engine) -> list[Concept]:
    """The concepts by what is stored, by name."""
    links, decided = governance.read_rows(engine, LINKS, order="left_column, right_column"), _newest_decisions(engine)
    sketches = {row["column_name"]: row for row in governance.read_rows(engine, SKETCHES)}
    groups = _groups([(row["left_column"], row["right_column"]) for row in links], decided)
    return sorted((_concept(group, links, decided, sketches) for group in groups), key=lambda each: each.concept)


def decide_concept(settings: Settings, decision: ConceptDecision, by: str = "") -> Concept:
    """Record which column is the authority of a concept, and what the others are to it.

    Raises:
        UsageError: A column does not exist or is named twice, the name or the reason is empty, or no one is named.
        ProtectionError: The token is not valid, or its account may not decide.
    """
    workspace = open_workspace(settings)
    standings = {decision.authority: Standing.AUTHORITY, **decision.others}
    _check_decision(workspace, decision, standings)
    rows = [
        {
            "concept": decision.concept.strip(),
            "column_name": column,
            "asset": column.rpartition(".")[0],
            "standing": str(standing),
            "reason": decision.reason.strip(),
        }
        for column, standing in standings.items()
    ]
    with workspace.engine() as engine:
        append_signed(workspace, engine, TABLE, rows, by, decision="authority")
        return next(each for each in read_concepts(engine) if each.authority == decision.authority)


def _check_decision(workspace: Workspace, decision: ConceptDecision, standings: Mapping[str, Standing]) -> None:
    known = contract_columns(workspace.project)
    if not decision.concept.strip() or not decision.concept.isprintable() or not decision.reason.strip():
        raise UsageError("concept_reason_missing")
    if decision.authority in decision.others:
        raise UsageError("concept_column_twice", column=decision.authority)
    for column in standings:
        if column not in known:
            raise UsageError("column_not_found", column=ascii(column), close=did_you_mean(column, known) or "-")


def _newest_decisions(engine: Engine) -> dict[str, Mapping[str, Any]]:
    """Column -> its newest decision."""
    return {row["column_name"]: row for row in governance.read_rows(engine, TABLE, order="seq")}


def _groups(pairs: Iterable[tuple[str, str]], decided: Mapping[str, Mapping[str, Any]]) -> list[list[str]]:
    """The columns that hang together: decided ones by their concept, and undecided ones by their links, also to decided ones."""
    leader: dict[str, str] = {}

    def find(name: str) -> str:
        while leader.setdefault(name, name) != name:
            name = leader[name]
        return name

    for column, row in decided.items():
        leader[find(column)] = find(f"={row['concept']}")
    for one, other in pairs:
        if not (one in decided and other in decided):
            leader[find(one)] = find(other)
    groups: dict[str, list[str]] = defaultdict(list)
    for name in [*leader]:
        if not name.startswith("="):
            groups[find(name)].append(name)
    return [sorted(group) for group in groups.values()]


def _concept(
    group: list[str],
    links: Iterable[Mapping[str, Any]],
    decided: Mapping[str, Mapping[str, Any]],
    sketches: Mapping[str, Mapping[str, Any]],
) -> Concept:
    known = [decided[column] for column in group if column in decided]
    names = Counter(column.rpartition(".")[2] for column in group)
    keys = [column for column in group if column in sketches and sketches[column]["identifier"]]
    return Concept(
        concept=known[-1]["concept"] if known else min(names, key=lambda name: (-names[name], name)),
        authority=next((row["column_name"] for row in known if row["standing"] == Standing.AUTHORITY), None),
        proposed=max(keys, key=lambda column: (sketches[column]["distinct_values"], column), default=None),
        columns=tuple(_column(column, links, decided, sketches) for column in group),
    )


def _column(
    column: str,
    links: Iterable[Mapping[str, Any]],
    decided: Mapping[str, Mapping[str, Any]],
    sketches: Mapping[str, Mapping[str, Any]],
) -> ConceptColumn:
    own = [row for row in links if column in {row["left_column"], row["right_column"]}]
    return ConceptColumn(
        column=column,
        standing=Standing(decided[column]["standing"]) if column in decided else Standing.UNDECIDED,
        distinct_values=sketches[column]["distinct_values"] if column in sketches else None,
        similarity=max((row["similarity"] for row in own), default=None),
        has_lineage=any(row["lineage"] for row in own),
    )
