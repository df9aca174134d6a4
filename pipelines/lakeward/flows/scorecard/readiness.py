"""Shows the newest stored assessment, from the total to the query of each indicator. Measures nothing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings
from lakeward.engines.protocols import TableReader
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.scorecard.assess import stored_assessment
from lakeward.flows.scorecard.editions import find_edition
from lakeward.maturity.arithmetic import ItemProposal
from lakeward.maturity.assessment import DomainAssessment, ItemAssessment, Readiness
from lakeward.maturity.assessor import AnswerDocument, AssessorAnswer
from lakeward.maturity.catalogue import Catalogue, Domain, Item, default_catalogue

Row = dict[str, Any]
# Stored fields of an indicator; the others come from the catalogue.
STORED = ("indicator", "numerator", "denominator", "value", "level", "reason", "missing", "sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class MaturityIndicator:
    """One measured indicator with its query.

    Args:
        indicator: Id of the indicator.
        numerator, denominator: Parts of a share; None if the indicator is no share, or unknown.
        value: Per cent, or a figure in the indicator's own unit; None if unknown.
        level: 1 to 5; None if unknown.
        reason: Message code of why it is unknown, or of a remark on the level.
        missing: The record or table that does not exist.
        sql, versions: The query of the value, and the table versions to run it at.
        names: Name by language.
        steps: Values of levels 2, 3, 4 and 5.
        lower: Whether less is better.
        must: Whether the level of this indicator limits the item.
    """

    indicator: str
    numerator: int | None
    denominator: int | None
    value: Decimal | None
    level: Decimal | None
    reason: str | None
    missing: str | None
    sql: str | None
    names: Mapping[str, str]
    steps: tuple[Decimal, ...]
    lower: bool
    must: bool
    versions: Mapping[str, int]

    def as_dict(self) -> dict[str, object]:
        """The keys of an indicator in `lakeward maturity show --json`."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class MaturityItem:
    """One capability item of the newest assessment; scores are 0 to 5, None if unknown.

    Args:
        item: Number of the item in the edition.
        domain: Number of its domain.
        names: Name by language.
        score: The assessor's score if there is one, else the proposal.
        proposal: Score from live evidence.
        assessor: Score of the assessor, with `who` and `documents`.
        difference: Assessor minus proposal.
        who: Name of the assessor; None without an answer.
        documents: Documents that the assessor cites.
        document_facts: The same documents, with hash, day and page where they are known.
        ceiling: Highest score that live evidence can propose.
        coverage: Weight of the measured indicators, 0 to 1.
        reason: Message code of why there is no score.
        indicators: Indicators of the item, each with value, level (1 to 5) and query.
        edition: Edition of GB/T 36073.
        assessed_at: Time of the assessment.
        measured: Number of items with a score, in the whole assessment.
        total: Number of items in the whole assessment.
    """

    item: str
    domain: str
    names: Mapping[str, str]
    score: Decimal | None
    proposal: Decimal | None
    assessor: Decimal | None
    difference: Decimal | None
    who: str | None
    documents: tuple[str, ...]
    document_facts: tuple[AnswerDocument, ...]
    ceiling: Decimal
    coverage: Decimal
    reason: str | None
    indicators: tuple[MaturityIndicator, ...]
    edition: str
    assessed_at: datetime
    measured: int
    total: int

    def as_dict(self) -> dict[str, object]:
        """The keys of `lakeward maturity show --json`."""
        return fields_of(self)


def show_maturity(settings: Settings, item: str | None = None, year: str = "") -> list[MaturityItem]:
    """Every item, or the requested one.

    Args:
        year: Year of the edition; empty for the default one.

    Raises:
        UsageError: The lake has not been assessed, there is no such edition, or the edition has no such item.
    """
    with open_workspace(settings).engine() as engine:
        return read_maturity(engine, item, year)


def read_maturity(tables: TableReader, item: str | None = None, year: str = "") -> list[MaturityItem]:
    """As `show_maturity`, of tables that are open.

    Raises:
        UsageError: As `show_maturity`.
    """
    edition = find_edition(year)
    if item is not None and item not in {known_item.number for known_item in edition.items}:
        raise UsageError("maturity_item_not_there", edition=edition.edition, item=item)
    rows = stored_assessment(tables, edition)
    if not rows:
        raise UsageError("maturity_not_assessed", edition=edition.edition)
    readiness = stored_readiness(rows, edition)
    return [
        _item_row(domain, reading, readiness, rows)
        for domain in readiness.domains
        for reading in domain.items
        if item in {None, reading.item.number}
    ]


def maturity_domains() -> tuple[Domain, ...]:
    """The capability domains of the edition."""
    return default_catalogue().domains


def stored_readiness(rows: list[Row], edition: Catalogue) -> Readiness:
    """The readiness from stored rows, without its indicators."""
    by_item = {row["item"]: row for row in rows if row["kind"] == "item"}
    domains = (
        DomainAssessment(domain, tuple(_item_reading(item, by_item[item.number]) for item in domain.items))
        for domain in edition.domains
    )
    return Readiness(edition, tuple(domains))


def _item_reading(item: Item, row: Row) -> ItemAssessment:
    stored_answer = json.loads(row["answer"]) if row["answer"] else None
    answer = (
        AssessorAnswer(
            item=item.number,
            score=Decimal(stored_answer["score"]),
            who=stored_answer["who"],
            when=date.fromisoformat(stored_answer["when"]),
            reason=stored_answer["reason"],
            documents=tuple(stored_answer["documents"]),
            document_facts=tuple(AnswerDocument(**each) for each in stored_answer.get("document_facts", ())),
            verified=stored_answer.get("verified", False),
        )
        if stored_answer
        else None
    )
    return ItemAssessment(item, (), ItemProposal(row["proposal"], row["coverage"], row["reason"]), answer)


def _item_row(domain: DomainAssessment, reading: ItemAssessment, whole: Readiness, rows: list[Row]) -> MaturityItem:
    answer, edition = reading.answer, whole.catalogue
    return MaturityItem(
        item=reading.item.number,
        domain=domain.domain.number,
        names=reading.item.names,
        score=reading.score,
        proposal=reading.proposal.score,
        assessor=answer.score if answer else None,
        difference=reading.difference,
        who=answer.who if answer else None,
        documents=answer.documents if answer else (),
        document_facts=answer.document_facts if answer else (),
        ceiling=reading.item.ceiling,
        coverage=reading.proposal.coverage,
        reason=None if answer else reading.proposal.reason,
        indicators=_indicator_rows(rows, edition, reading.item.number),
        edition=edition.edition,
        assessed_at=rows[0]["assessed_at"],
        measured=whole.measured_items,
        total=len(edition.items),
    )


def _indicator_rows(rows: list[Row], edition: Catalogue, item: str) -> tuple[MaturityIndicator, ...]:
    stored = {row["indicator"]: row for row in rows if row["kind"] == "indicator"}
    return tuple(
        MaturityIndicator(
            **{name: stored[indicator.id][name] for name in STORED},
            names=indicator.names,
            steps=indicator.steps,
            lower=indicator.lower,
            must=indicator.must,
            versions=json.loads(stored[indicator.id]["versions"] or "{}"),
        )
        for indicator in edition.indicators_of(item)
        if indicator.id in stored
    )
