"""Makes a key that `new` only proposed the key of a dataset: a person's decision, after a look at the rows that are stored.

Writes the contract alone: stored rows change by `lakeward rebuild`, which the answer asks for.
"""

from dataclasses import dataclass

from lakeward.contracts.diff import Effect, diff
from lakeward.contracts.document import read_text
from lakeward.contracts.key_edit import confirm_key_in_text
from lakeward.contracts.load import parse_contract
from lakeward.contracts.model import Contract
from lakeward.core.errors import ContractError, MachineError, UsageError
from lakeward.core.names import Layer
from lakeward.core.settings import Settings
from lakeward.core.sql import identifier
from lakeward.engines.protocols import Engine
from lakeward.flows.base import pinning
from lakeward.flows.base.answers import Notice, fields_of
from lakeward.flows.base.proposed_keys import proposed_keys
from lakeward.flows.base.replace_file import replace_file
from lakeward.flows.base.workspace import Workspace, open_workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKeys:
    """What stored rows say of a key.

    Args:
        rows: Number of rows in silver.
        without_key: Number of these rows that lack a value of the key; a rebuild quarantines them.
        repeated: Number of rows that share their key with another row.
        contradicting: Number of these rows whose key other rows have with other values.
        removed: Number of rows that a rebuild no longer publishes, because another row with their key replaces them.
    """

    rows: int = 0
    without_key: int = 0
    repeated: int = 0
    contradicting: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyConfirmation:
    """A key that is confirmed, or would be.

    Args:
        dataset: Name of the dataset.
        columns: Columns of the key, in its order.
        version: Version of the contract with the key.
        stored: Counts of stored rows under this key.
        needs_rebuild: Whether rows are stored that another key identified: then `lakeward rebuild` must follow.
        is_written: Whether the contract was written.
    """

    dataset: str
    columns: tuple[str, ...]
    version: str
    stored: StoredKeys
    needs_rebuild: bool
    is_written: bool

    def as_dict(self) -> dict[str, object]:
        """The keys of `lakeward contract confirm-key --json`."""
        own = fields_of(self)
        del own["stored"]
        return {**own, **fields_of(self.stored)}


def confirm_key(settings: Settings, name: str, *, dry_run: bool = False, force: bool = False) -> KeyConfirmation:
    """Make the dataset's proposed key its key.

    Args:
        dry_run: Say what would happen; write nothing.
        force: Also where stored rows of one key have other values.

    Raises:
        UsageError: The project has no such dataset, or its contract proposes no key.
        ContractError: Its contract is not valid, or stored rows contradict the key.
        MachineError: The contract's file can't be written.
    """
    workspace = open_workspace(settings)
    contract = workspace.project.contract(name)
    if not contract.proposed_key:
        raise UsageError("no_key_proposed", dataset=name)
    with workspace.engine(contract) as engine:
        applied = pinning.current_definition(engine, name)
        stored = count_stored_keys(engine, contract, contract.proposed_key)
    text, confirmed = _confirmed(workspace, contract, applied.contract if applied else None)
    if stored.contradicting and not (force or dry_run):
        facts = {"dataset": name, "columns": ", ".join(contract.proposed_key), **fields_of(stored)}
        raise ContractError("key_contradicted", **facts)
    if not dry_run:
        _write_contract(workspace, name, text)
    return KeyConfirmation(
        dataset=name,
        columns=confirmed.primary_key,
        version=confirmed.version,
        stored=stored,
        needs_rebuild=bool(applied and any(c.kind is Effect.BREAKING for c in diff(applied.contract, confirmed))),
        is_written=not dry_run,
    )


def _write_contract(workspace: Workspace, name: str, text: str) -> None:
    path = workspace.project.contract_path(name)
    try:
        replace_file(path, text)
    except OSError as error:
        raise MachineError("contract_not_writable", file=workspace.project.label(path), found=error.strerror) from error


def key_proposals(settings: Settings, name: str | None = None) -> list[Notice]:
    """For each dataset, or the one, whose contract proposes a key: what confirms it."""
    found = proposed_keys(open_workspace(settings).project)
    return [
        Notice("next_key", {"dataset": dataset, "key": ", ".join(key)})
        for dataset, key in found.items()
        if name in {None, dataset}
    ]


def count_stored_keys(engine: Engine, contract: Contract, key: tuple[str, ...]) -> StoredKeys:
    """What the rows of silver say of `key`."""
    silver = contract.table(Layer.SILVER)
    stored = engine.types(silver) if engine.info(silver) else {}
    if not set(key) <= stored.keys():
        return StoredKeys()
    keys = ", ".join(map(identifier, key))
    values = ", ".join(identifier(column.name) for column in contract.columns if column.name in stored)
    lacking = " OR ".join(f"{identifier(column)} IS NULL" for column in key)
    # Rows of one key and the same values are one group, so that a key of several groups is a contradiction.
    same = f"SELECT {keys}, count(*) AS copies FROM {silver} WHERE NOT ({lacking}) GROUP BY {keys}, {values}"
    groups = f"SELECT {keys}, sum(copies) AS copies, count(*) AS versions FROM ({same}) AS same GROUP BY {keys}"
    found = engine.fetch(f"""
        SELECT coalesce(sum(copies), 0) AS keyed,
               coalesce(sum(CASE WHEN copies > 1 THEN copies END), 0) AS repeated,
               coalesce(sum(CASE WHEN versions > 1 THEN copies END), 0) AS contradicting,
               coalesce(sum(copies - 1), 0) AS removed FROM ({groups}) AS groups""")[0]
    rows = int(engine.fetch(f"SELECT count(*) AS n FROM {silver}")[0]["n"])
    return StoredKeys(
        rows=rows,
        without_key=rows - int(found["keyed"]),
        repeated=int(found["repeated"]),
        contradicting=int(found["contradicting"]),
        removed=int(found["removed"]),
    )


def _confirmed(workspace: Workspace, contract: Contract, applied: Contract | None) -> tuple[str, Contract]:
    """The contract's text with the key, and its version as far up as stored rows ask."""
    path = workspace.project.contract_path(contract.name)
    file = workspace.project.label(path)
    text, key = read_text(path, file), contract.proposed_key
    confirmed = parse_contract(confirm_key_in_text(text, key), file)
    remarks = [change for change in diff(applied, confirmed) if change.code == "change_version_low"] if applied else []
    if remarks:
        confirmed = parse_contract(confirm_key_in_text(text, key, str(remarks[0].facts["expected"])), file)
    if confirmed.primary_key != key or confirmed.proposed_key:
        raise ContractError("key_not_written", dataset=contract.name, file=file, columns=", ".join(key))
    return confirmed.text, confirmed
