"""Measures readiness by GB/T 36073: runs the query of each indicator and stores changes in `governance.maturity`.

A rerun over unchanged tables commits nothing. `governance.maturity` is never used as evidence for itself.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from lakeward.contracts.document import read_text
from lakeward.core.errors import ContractError, DefinitionError
from lakeward.core.evidence import Evidence
from lakeward.core.names import Layer, RunId, TableName, new_run_id
from lakeward.core.sql import equals
from lakeward.engines.protocols import Engine, TableReader
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import Workspace, local_day
from lakeward.flows.scorecard.editions import answers_file
from lakeward.flows.scorecard.inventory import take_inventory
from lakeward.flows.scorecard.summary import maturity_summary
from lakeward.maturity.assessment import IndicatorFact, ItemAssessment, MeasuredIndicator, Readiness, assess_facts
from lakeward.maturity.assessor import AssessorAnswer, read_answers
from lakeward.maturity.catalogue import Catalogue, Indicator, default_catalogue

APP = "lakeward/maturity"
# Columns that differ between equal assessments: the query contains its day.
VOLATILE_COLUMNS = ("run_id", "seq", "assessed_at", "sql")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Assessment:
    """One assessment of a lake.

    Args:
        readiness: The scores.
        run_id: Id of its run; if nothing changed, of the stored assessment.
        assessed_at: Time of the assessment; if nothing changed, of the stored one.
        changed: Whether something changed since the last assessment, so that this one was stored.
    """

    readiness: Readiness
    run_id: RunId
    assessed_at: datetime
    changed: bool

    def as_dict(self) -> dict[str, object]:
        """The keys of `lakeward assess --json`.

        Returns:
            edition: Edition of GB/T 36073.
            score: 0 to 5, two decimals; None if no item is measured.
            level: Indicative level, 1 to 5; None if too little is measured.
            measured: Number of items with a score.
            total: Number of items.
            domains: The same for each capability domain.
        """
        run = {"run_id": self.run_id, "assessed_at": self.assessed_at.isoformat(), "changed": self.changed}
        return {**maturity_summary(self.readiness).as_dict(), **run}


def assess_lake(workspace: Workspace, engine: Engine, edition: Catalogue, answers: Sequence[AssessorAnswer]) -> Assessment:
    """Assess the current lake by what its governance tables hold, and store a changed result.

    Args:
        answers: The assessor's answers of this edition. One that an account signed before, and that is the same, stays signed.

    Raises:
        ContractError: A contract of the project is not valid.
    """
    now, assets = workspace.clock.now(), take_inventory(engine, workspace.project)
    stored = any(asset["stored"] for asset in assets)
    facts = measure_indicators(engine, edition, now) if stored else empty_lake_facts(edition)
    # Every asset is critical until a contract can state it.
    signed = _with_signatures(stored_assessment(engine, edition), answers)
    readiness = assess_facts(edition, facts, signed, (len(assets), len(assets)))
    return _store_assessment(engine, readiness, now)


def read_assessor_answers(workspace: Workspace, edition: Catalogue) -> tuple[AssessorAnswer, ...]:
    """The assessor's answers of a project; empty if it has no such file.

    Raises:
        DefinitionError: The file is not valid.
    """
    name = answers_file(edition)
    path = workspace.project.root / name
    if not path.is_file():
        return ()
    try:
        text = read_text(path, name)
    except ContractError as error:
        raise DefinitionError(error.code, **error.facts) from None
    return read_answers(text, name, edition, local_day(workspace))


def measure_indicators(engine: Engine, edition: Catalogue, now: datetime) -> dict[str, IndicatorFact]:
    """Results of the indicators' queries, by indicator id."""
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    names = sorted({table for indicator in edition.indicators for table in indicator.tables})
    tables = {name: engine.info(TableName(Layer.GOVERNANCE, name)) for name in names}
    versions = {name: info.version for name, info in tables.items() if info}
    return {indicator.id: _measure_indicator(engine, indicator, day, versions) for indicator in edition.indicators}


def empty_lake_facts(edition: Catalogue) -> dict[str, IndicatorFact]:
    """The facts of an empty lake: contracts without tables are no evidence of data management."""
    return {indicator.id: IndicatorFact(None, reason="maturity_lake_empty") for indicator in edition.indicators}


def stored_assessment(engine: TableReader, edition: Catalogue | None = None) -> list[Row]:
    """The rows of the newest assessment of an edition, by default of the default one; empty before the first."""
    name = (edition or default_catalogue()).edition
    newest = f"seq = (SELECT max(seq) FROM governance.maturity WHERE {equals(edition=name)})"
    return governance.read_rows(engine, "maturity", newest, edition=name)


def _measure_indicator(engine: Engine, indicator: Indicator, day: datetime, versions: dict[str, int]) -> IndicatorFact:
    if indicator.query is None:
        return IndicatorFact(None, missing=indicator.lacks, reason="maturity_no_source")
    absent = [table for table in indicator.tables if table not in versions]
    if absent:
        return IndicatorFact(None, missing=f"governance.{absent[0]}", reason="maturity_no_table")
    sql, read = indicator.sql(day), {TableName(Layer.GOVERNANCE, table): versions[table] for table in indicator.tables}
    row = engine.fetch(sql, at=read)[0]
    evidence = Evidence(sql, {str(table): version for table, version in read.items()}, row["value"])
    return IndicatorFact(evidence, numerator=row["numerator"], denominator=row["denominator"])


def _store_assessment(engine: Engine, readiness: Readiness, now: datetime) -> Assessment:
    last = stored_assessment(engine, readiness.catalogue)
    # The number counts the assessments by all editions.
    run_id, seq = new_run_id(), engine.txn(governance.table_name("maturity"), APP) + 1
    head = {
        "run_id": run_id,
        "seq": seq,
        "edition": readiness.catalogue.edition,
        "catalogue_sha256": readiness.catalogue.sha256,
        "assessed_at": now,
    }
    rows = [
        {**EMPTY_ROW, **head, **row}
        for item in readiness.items
        for row in (_item_row(item), *map(_indicator_row, item.indicators))
    ]
    if last and _comparable_rows(last) == _comparable_rows(rows):
        return Assessment(readiness, RunId(last[0]["run_id"]), last[0]["assessed_at"], changed=False)
    commit = governance.append_rows(engine, "maturity", rows, Txn(APP, seq))  # None: a concurrent assessment has this number
    return Assessment(readiness, run_id, now, changed=commit is not None)


EMPTY_ROW: Row = {column.name: None for column in governance.table_spec("maturity").columns}


def _comparable_rows(rows: Sequence[Row]) -> list[tuple[Any, ...]]:
    compared = [name for name in EMPTY_ROW if name not in VOLATILE_COLUMNS]
    return sorted((tuple(row[name] for name in compared) for row in rows), key=repr)


def _item_row(reading: ItemAssessment) -> Row:
    answer = reading.answer
    return {
        "kind": "item",
        "item": reading.item.number,
        "level": reading.score,
        "proposal": reading.proposal.score,
        "ceiling": reading.item.ceiling,
        "coverage": reading.proposal.coverage,
        "reason": reading.proposal.reason,
        "answer": _answer_text(answer) if answer else None,
    }


def _answer_text(answer: AssessorAnswer) -> str:
    """The answer as JSON; the key `verified` stands only where it is true, as in lakes of before it."""
    facts = {key: value for key, value in asdict(answer).items() if key != "verified" or value}
    return json.dumps(facts, ensure_ascii=False, default=str)


def _with_signatures(last: Sequence[Row], answers: Sequence[AssessorAnswer]) -> list[AssessorAnswer]:
    """The answers, signed where the last assessment has the same one signed."""
    stored = {row["item"]: row["answer"] for row in last if row["answer"]}
    signed = [replace(answer, verified=True) for answer in answers]
    return [
        with_name if _answer_text(with_name) == stored.get(answer.item) else answer
        for answer, with_name in zip(answers, signed, strict=True)
    ]


def _indicator_row(measured: MeasuredIndicator) -> Row:
    evidence = measured.fact.evidence
    return {
        "kind": "indicator",
        "item": measured.indicator.item,
        "indicator": measured.indicator.id,
        "numerator": measured.fact.numerator,
        "denominator": measured.fact.denominator,
        "value": evidence.value if evidence else None,
        "level": measured.level,
        "reason": measured.reason,
        "missing": measured.fact.missing,
        "sql": evidence.sql if evidence else None,
        "versions": json.dumps(evidence.versions, sort_keys=True) if evidence else None,
    }
