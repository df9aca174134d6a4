"""The fields that accounts disclose of a data asset, filled by what is recorded; what telemetry can't know stays open. A cost is never called a value."""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import yaml

from lakeward.contracts.model import Contract
from lakeward.core.settings import Settings
from lakeward.core.sql import literal
from lakeward.engines.protocols import Engine
from lakeward.flows.assets.costs import DatasetCost, dataset_costs
from lakeward.flows.base import governance
from lakeward.flows.base.answers import Notice, fields_of
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.evidence.rights import DatasetRights, read_rights
from lakeward.grading.catalogue import verified_text

CATALOGUE = "disclosure_mof_2023_11_v1.yaml"
# Classes of data that have a name in both languages.
NAMED_CLASSES = ("research", "production", "management", "maintenance", "service")


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureField:
    """One field of the disclosure of a dataset.

    Args:
        dataset: Name of the dataset.
        field: Key of the field.
        names: Name of the field by language.
        recorded: What is recorded, as a message; None for an open field.
        origin: `telemetry`, `rights` for a signed declaration, or `person` for what telemetry can't know.
    """

    dataset: str
    field: str
    names: Mapping[str, str]
    recorded: Notice | None
    origin: str

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward asset disclose --json`."""
        return fields_of(self)


def disclose_assets(settings: Settings, name: str | None = None) -> list[DisclosureField]:
    """The fields of every dataset, or of dataset `name`, in the order of the rules.

    Raises:
        UsageError: There is no such dataset.
        ContractError, DefinitionError: As `dataset_costs`.
    """
    workspace = open_workspace(settings)
    costs = {cost.dataset: cost for cost in dataset_costs(settings, name)}
    contracts = workspace.project.valid_contracts()
    wanted = [name] if name else sorted(contracts)
    with workspace.engine() as engine:
        rights = read_rights(engine, workspace.project.zone)
        return [
            field
            for each in wanted
            for field in _fields(
                each,
                _measured_fields(engine, contracts[each], costs[each]) | _rights_fields(rights.get(each)),
            )
        ]


@functools.cache
def _form() -> Mapping[str, Mapping[str, str]]:
    folder = resources.files("lakeward") / "expectations" / "catalogues"
    found: dict[str, Any] = yaml.load(verified_text(folder, CATALOGUE), Loader=yaml.CSafeLoader)
    return {key: {name: each[name] for name in ("zh", "en", "from")} for key, each in found["fields"].items()}


def _fields(dataset: str, known: Mapping[str, Notice | None]) -> list[DisclosureField]:
    return [
        DisclosureField(
            dataset=dataset,
            field=key,
            names={"zh": each["zh"], "en": each["en"]},
            recorded=known.get(key),
            origin=each["from"],
        )
        for key, each in _form().items()
    ]


def _measured_fields(engine: Engine, contract: Contract, cost: DatasetCost) -> dict[str, Notice | None]:
    """What queries and the contract say; None for what is not measured."""
    table = contract.table(contract.layer)
    info = engine.info(table)
    return {
        "kind": _kind(contract.data_class),
        "scale": Notice("disclosed_scale", {"rows": info.rows, "bytes": cost.stored_bytes}) if info else None,
        "quality": _newest_score(engine, contract.name),
        "processing": _processing(cost),
        "protection": _protection(engine, contract.name),
        "application": _application(engine, str(table)),
        "build_cost": _plain_text(None if cost.build_cost is None else f"{cost.build_cost} {cost.currency}"),
    }


def _rights_fields(rights: DatasetRights | None) -> dict[str, Notice | None]:
    if rights is None:
        return {}
    return {
        "source": Notice(f"rights_{rights.source}", {}),
        "title": _plain_text(f"{rights.holder}: {rights.basis}"),
        "limits": _plain_text(rights.limits),
        "lapse": _plain_text(rights.last_day),
    }


def _kind(data_class: str | None) -> Notice | None:
    return Notice(f"class_{data_class}", {}) if data_class in NAMED_CLASSES else _plain_text(data_class)


def _plain_text(text: str | None) -> Notice | None:
    """A text that needs no translation; None where there is none."""
    return Notice("disclosed_text", {"text": text}) if text else None


def _processing(cost: DatasetCost) -> Notice | None:
    if cost.cpu_seconds is None:
        return None
    return Notice("disclosed_processing", {"batches": cost.batches, "seconds": cost.cpu_seconds})


def _newest_score(engine: Engine, dataset: str) -> Notice | None:
    rows = governance.read_rows(engine, "runs", where="score IS NOT NULL", order="finished_at", dataset=dataset)
    return Notice("disclosed_quality", {"score": rows[-1]["score"]}) if rows else None


def _protection(engine: Engine, dataset: str) -> Notice | None:
    rows = governance.read_rows(engine, "policy_bindings", dataset=dataset)
    sensitive = [row for row in rows if row["sensitive"]]
    controlled = sum(row["controlled"] for row in sensitive)
    facts = {"controlled": controlled, "sensitive": len(sensitive), "columns": len(rows)}
    return Notice("disclosed_protection", facts) if rows else None


def _application(engine: Engine, table: str) -> Notice | None:
    """Answered reads of the table, and provisions; None where no read was ever logged."""
    if engine.info(governance.table_name("access_log")) is None:
        return None
    mark = literal(json.dumps(table))
    [found] = engine.fetch(
        f"""SELECT count(*) AS reads, count(DISTINCT coalesce(principal, account)) AS readers
        FROM governance.access_log WHERE verdict = 'allowed' AND contains(objects, {mark})"""
    )
    exports = governance.read_rows(engine, "exports", object=table)
    return Notice("disclosed_application", {**found, "provisions": len(exports)})
