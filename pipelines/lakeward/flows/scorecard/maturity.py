"""Shows the newest stored assessment, from the whole down to the query behind each indicator. Measures nothing."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.scorecard.assess import stored_assessment
from lakeward.maturity.arithmetic import Proposal
from lakeward.maturity.assessment import DomainReading, ItemReading, Readiness
from lakeward.maturity.assessor import Answer
from lakeward.maturity.catalogue import Catalogue, Item, catalogue

Row = dict[str, Any]
SHOWN = ("indicator", "numerator", "denominator", "value", "level", "reason", "missing", "sql")


def maturity_show(settings: Settings, item: str | None = None) -> list[Row]:
    """One row per item, or of one `item`: `item, domain, names, score, proposal, assessor, difference, ceiling, coverage, reason`.

    `indicators` lists `indicator, names, numerator, denominator, value, level, steps, lower, must, reason, missing, sql, versions`;
    `measured` and `total` count the items of the whole assessment.

    Raises:
        UsageError: The lake has not been assessed, or the edition has no such item.
    """
    edition = catalogue()
    if item is not None and item not in {known.number for known in edition.items}:
        raise UsageError("maturity_item_not_there", edition=edition.edition, item=item)
    with open_workspace(settings).engine() as engine:
        rows = stored_assessment(engine)
    if not rows:
        raise UsageError("maturity_not_assessed", edition=edition.edition)
    readiness = readiness_of(rows, edition)
    head = {"edition": edition.edition, "assessed_at": rows[0]["assessed_at"].isoformat(), "measured": readiness.measured}
    return [
        {
            **_item(domain, reading),
            "indicators": _indicators(rows, edition, reading.item.number),
            **head,
            "total": len(edition.items),
        }
        for domain in readiness.domains
        for reading in domain.items
        if item in {None, reading.item.number}
    ]


def readiness_of(rows: list[Row], edition: Catalogue) -> Readiness:
    """The readiness that stored rows tell, without its indicators."""
    by_item = {row["item"]: row for row in rows if row["kind"] == "item"}
    domains = (
        DomainReading(domain, tuple(_reading(item, by_item[item.number]) for item in domain.items)) for domain in edition.domains
    )
    return Readiness(edition, tuple(domains))


def maturity_summary(readiness: Readiness) -> Row:
    """The whole in plain values: `edition, score, level, measured, total, domains`; None is unknown."""
    domains = [
        {
            "domain": domain.domain.number,
            "names": dict(domain.domain.names),
            "score": domain.score,
            "measured": domain.measured,
            "total": len(domain.items),
        }
        for domain in readiness.domains
    ]
    whole = {"score": readiness.score, "level": readiness.level, "measured": readiness.measured, "total": len(readiness.items)}
    return {"edition": readiness.catalogue.edition, **whole, "domains": domains}


def _reading(item: Item, row: Row) -> ItemReading:
    said = json.loads(row["answer"]) if row["answer"] else None
    answer = (
        Answer(
            item=item.number,
            score=Decimal(said["score"]),
            who=said["who"],
            when=date.fromisoformat(said["when"]),
            reason=said["reason"],
            documents=tuple(said["documents"]),
        )
        if said
        else None
    )
    return ItemReading(item, (), Proposal(row["proposal"], row["coverage"], row["reason"]), answer)


def _item(domain: DomainReading, reading: ItemReading) -> Row:
    answer = reading.answer
    return {
        "item": reading.item.number,
        "domain": domain.domain.number,
        "names": dict(reading.item.names),
        "score": reading.score,
        "proposal": reading.proposal.score,
        "assessor": answer.score if answer else None,
        "difference": reading.difference,
        "who": answer.who if answer else None,
        "documents": list(answer.documents) if answer else [],
        "ceiling": reading.item.ceiling,
        "coverage": reading.proposal.coverage,
        "reason": None if answer else reading.proposal.reason,
    }


def _indicators(rows: list[Row], edition: Catalogue, item: str) -> list[Row]:
    stored = {row["indicator"]: row for row in rows if row["kind"] == "indicator"}
    return [
        {
            **{name: stored[known.id][name] for name in SHOWN},
            "names": dict(known.names),
            "steps": list(known.steps),
            "lower": known.lower,
            "must": known.must,
            "versions": json.loads(stored[known.id]["versions"] or "{}"),
        }
        for known in edition.of(item)
        if known.id in stored
    ]
