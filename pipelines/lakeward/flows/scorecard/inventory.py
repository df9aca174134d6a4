"""Records contracts and stored tables in one table, so that denominators are queries, too.

The inventory is replaced as a whole when something differs; earlier versions stay readable for evidence.
"""

import json
from typing import Any

from lakeward.contracts.model import Contract
from lakeward.contracts.project import Project
from lakeward.core.names import Layer, TableName
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import TableInfo
from lakeward.flows.base import governance


def take_inventory(engine: Engine, project: Project) -> list[dict[str, Any]]:
    """The current rows of `governance.inventory`, by asset; the table is written only if they differ."""
    promised = {contract.table(contract.layer): contract for contract in project.valid_contracts().values()}
    stored = {info.name: info for info in engine.tables() if info.name.layer in {Layer.SILVER, Layer.GOLD}}
    rows = [_asset_row(name, promised.get(name), stored.get(name)) for name in sorted({*promised, *stored}, key=str)]
    governance.replace_rows(engine, "inventory", rows, order="asset")
    return rows


def _asset_row(name: TableName, contract: Contract | None, info: TableInfo | None) -> dict[str, Any]:
    stored = {column.name: column.type for column in info.columns} if info else {}
    promised = {column.name: column.type for column in contract.columns} if contract else stored
    same = int(promised.items() <= stored.items()) if contract and info else None
    asset = {"asset": str(name), "dataset": name.name, "layer": str(name.layer)}
    return {
        **asset,
        **_contract_cells(contract),
        "columns": json.dumps([*promised], ensure_ascii=False),
        **_stored_cells(info),
        "same_schema": same,
    }


def _contract_cells(contract: Contract | None) -> dict[str, Any]:
    return {
        "contract_sha256": contract.sha256 if contract else None,
        "owner": (contract.owner or None) if contract else None,
        "described": int(bool(contract and contract.description)),
        "data_class": contract.data_class if contract else None,
        "freshness_seconds": contract.sla.freshness_seconds if contract else None,
        "retention_days": contract.source.retention_days if contract and contract.source else None,
    }


def _stored_cells(info: TableInfo | None) -> dict[str, Any]:
    return {"stored": int(info is not None)}
