"""What each dataset cost to build, from the telemetry of its batches, and how much of its sources' cost a gold table carries.

A source that several gold tables read gives each an equal share of its cost. So the costs of the datasets that no other one reads sum to
the cost of all.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from lakeward.contracts.model import Contract
from lakeward.core.names import Layer
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine
from lakeward.flows.assets.prices import Prices, read_prices
from lakeward.flows.base import governance
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.order import contract_order
from lakeward.flows.base.run_costs import MICRO, TABLE
from lakeward.flows.base.workspace import open_workspace

SECONDS_OF_HOUR = 3600
GIB = 1 << 30
# Prices of a batch are fractions of a cent.
MONEY_UNIT = Decimal("0.0001")
_QUERY = """SELECT r.dataset, count(*) AS batches, count(*) FILTER (WHERE c.cpu_seconds IS NULL) AS unmeasured,
    sum(c.cpu_seconds) AS cpu_seconds, CAST(sum(c.bytes_read) AS BIGINT) AS bytes_read, CAST(sum(c.bytes_written) AS BIGINT) AS bytes_written,
    max(c.peak_memory) AS peak_memory
  FROM governance.runs AS r LEFT JOIN ({costs}) AS c USING (run_id, dataset, flow, batch_seq) GROUP BY r.dataset"""
_NO_COSTS = """SELECT NULL::VARCHAR AS run_id, NULL::VARCHAR AS dataset, NULL::VARCHAR AS flow, NULL::BIGINT AS batch_seq,
    NULL::DECIMAL(30, 6) AS cpu_seconds, NULL::BIGINT AS bytes_read, NULL::BIGINT AS bytes_written, NULL::BIGINT AS peak_memory WHERE FALSE"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetCost:
    """What a dataset cost to build so far. It is a cost from telemetry: labour, purchase and overhead are not in it, and it is no value.

    Args:
        dataset: Name of the dataset.
        batches: Number of finished batches.
        unmeasured: Number of them without a measure: of an older version, of Spark, or of a process that was killed.
        cpu_seconds: Processor seconds of the measured ones; None if none is.
        bytes_read: Bytes that they read; None if none was measured.
        bytes_written: Bytes that they wrote; None if none was measured.
        peak_memory: Highest memory of a process that ran one, in bytes; None if none was measured.
        stored_bytes: Bytes of the newest versions of its tables.
        source_cpu_seconds: Processor seconds of its sources, down to the first ones, in its shares; None if none was measured.
        readers: Number of gold datasets that read it: each carries an equal share of its cost.
        build_cost: Money for its own processor time and bytes moved; None without prices or measures.
        source_build_cost: The same of its sources, in its shares; None likewise.
        storage_cost_month: Money for a month of what it stores; None without prices.
        currency: ISO 4217 code; None without prices.
    """

    dataset: str
    batches: int
    unmeasured: int
    cpu_seconds: Decimal | None
    bytes_read: int | None
    bytes_written: int | None
    peak_memory: int | None
    stored_bytes: int
    source_cpu_seconds: Decimal | None
    readers: int
    build_cost: Decimal | None
    source_build_cost: Decimal | None
    storage_cost_month: Decimal | None
    currency: str | None

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward cost --json`."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class _MeasuredDatasets:
    """What was measured of all datasets.

    Args:
        used: Sums of the batches of each dataset that has any.
        stored: Bytes that each dataset stores.
        readers: Number of gold datasets that read each dataset.
        carried: Share of each source's own cost that a dataset carries, without itself.
    """

    used: Mapping[str, Mapping[str, Any]]
    stored: Mapping[str, int]
    readers: Mapping[str, int]
    carried: Mapping[str, Mapping[str, Fraction]]


def dataset_costs(settings: Settings, name: str | None = None) -> list[DatasetCost]:
    """What each dataset cost, sources first; of one dataset, what it and its sources cost.

    Raises:
        UsageError: The project has no dataset `name`.
        ContractError: Its contract is not valid.
        DefinitionError: The prices are not valid.
    """
    workspace = open_workspace(settings)
    prices, contracts = read_prices(workspace.project), workspace.project.valid_contracts()
    if name is not None:
        workspace.project.contract(name)
    names = contract_order(contracts)
    with workspace.engine() as engine:
        measured = _MeasuredDatasets(
            used=_used(engine),
            stored={each: _stored_bytes(engine, contract) for each, contract in contracts.items()},
            readers=Counter(source for contract in contracts.values() for source in _inputs(contract)),
            carried=carried_shares({each: _inputs(contracts[each]) for each in names}),
        )
    wanted = names if name is None else [each for each in names if each == name or each in measured.carried[name]]
    return [_cost(measured, each, prices) for each in wanted]


def carried_shares(inputs: Mapping[str, Sequence[str]]) -> dict[str, dict[str, Fraction]]:
    """Share of each source's own cost that a dataset carries: an equal part of all that its inputs carry.

    Args:
        inputs: Dataset -> the datasets that it reads, in an order in which these come first.

    Example:
        >>> carried_shares({"a": [], "b": ["a"], "c": ["a", "b"]})["c"]
        {'a': Fraction(1, 1), 'b': Fraction(1, 1)}
    """
    readers = Counter(source for sources in inputs.values() for source in sources)
    carried: dict[str, dict[str, Fraction]] = {}
    for name, sources in inputs.items():
        own: dict[str, Fraction] = {}
        for source in sources:
            for each, share in ({source: Fraction(1)} | carried.get(source, {})).items():
                own[each] = own.get(each, Fraction()) + share / readers[source]
        carried[name] = own
    return carried


def _inputs(contract: Contract) -> list[str]:
    return sorted({table.name for table in contract.model.inputs}) if contract.model else []


def _used(engine: Engine) -> dict[str, dict[str, Any]]:
    if engine.info(governance.table_name("runs")) is None:
        return {}
    costs = f"SELECT * FROM governance.{TABLE}" if engine.info(governance.table_name(TABLE)) else _NO_COSTS
    return {row["dataset"]: row for row in engine.fetch(_QUERY.format(costs=costs))}


def _stored_bytes(engine: Engine, contract: Contract) -> int:
    layers = (Layer.GOLD,) if contract.layer is Layer.GOLD else (Layer.BRONZE, Layer.SILVER)
    return sum(engine.stored_bytes(contract.table(layer)) for layer in (*layers, Layer.QUARANTINE, Layer.REJECTS))


def _cost(measured: _MeasuredDatasets, name: str, prices: Prices | None) -> DatasetCost:
    own = measured.used.get(name, {})
    sources = [(measured.used.get(each, {}), share) for each, share in measured.carried[name].items()]
    return DatasetCost(
        dataset=name,
        batches=own.get("batches", 0),
        unmeasured=own.get("unmeasured", 0),
        cpu_seconds=own.get("cpu_seconds"),
        bytes_read=own.get("bytes_read"),
        bytes_written=own.get("bytes_written"),
        peak_memory=own.get("peak_memory"),
        stored_bytes=measured.stored[name],
        source_cpu_seconds=_sum_of_shares([(used.get("cpu_seconds"), share) for used, share in sources], MICRO),
        readers=measured.readers[name],
        build_cost=_sum_of_shares([(_money(own, prices), Fraction(1))], MONEY_UNIT),
        source_build_cost=_sum_of_shares([(_money(used, prices), share) for used, share in sources], MONEY_UNIT),
        storage_cost_month=(prices.gib_month * measured.stored[name] / GIB).quantize(MONEY_UNIT) if prices else None,
        currency=prices.currency if prices else None,
    )


def _money(used: Mapping[str, Any], prices: Prices | None) -> Decimal | None:
    """Money for processor time and bytes moved; None without prices, or where nothing was measured."""
    if prices is None or used.get("cpu_seconds") is None:
        return None
    seconds: Decimal = used["cpu_seconds"]
    moved: int = (used["bytes_read"] or 0) + (used["bytes_written"] or 0)
    return prices.cpu_hour * seconds / SECONDS_OF_HOUR + prices.gib_moved * moved / GIB


def _sum_of_shares(parts: Sequence[tuple[Decimal | None, Fraction]], unit: Decimal) -> Decimal | None:
    """The sum of these shares, rounded to `unit`; None if none of them was measured."""
    found = [amount * share.numerator / share.denominator for amount, share in parts if amount is not None]
    return sum(found, Decimal()).quantize(unit) if found else None
