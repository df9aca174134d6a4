"""Retires a dataset: it is not run any more, has no DAG and no collector; its tables stay, and are served as before."""

from dataclasses import dataclass

from lakeward.contracts.document import read_text
from lakeward.contracts.load import parse_contract
from lakeward.contracts.status_edit import RETIRED, with_status
from lakeward.core.errors import ContractError, MachineError, UsageError
from lakeward.core.settings import Settings
from lakeward.engines.tables import TableInfo
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.replace_file import replace_file
from lakeward.flows.base.workspace import Workspace, open_workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Retirement:
    """What retiring a dataset does, or would do.

    Args:
        dataset: Name of the dataset.
        rows: Number of rows in its table, which stays.
        readers: Gold datasets that read it and are not retired: they go on with what it holds.
        is_written: Whether its contract says so now; False for a preview.
    """

    dataset: str
    rows: int
    readers: tuple[str, ...]
    is_written: bool

    def as_dict(self) -> dict[str, object]:
        """The keys of `lakeward contract retire --json`."""
        return fields_of(self)


def retire_dataset(settings: Settings, name: str, *, dry_run: bool = False) -> Retirement:
    """Write `status: retired` into the dataset's contract.

    Args:
        dry_run: Say what would happen; write nothing.

    Raises:
        UsageError: The project has no such dataset, or it is retired already.
        ContractError: Its contract is not valid.
        MachineError: The contract's file can't be written.
    """
    workspace = open_workspace(settings)
    contract = workspace.project.contract(name)
    if contract.retired:
        raise UsageError("dataset_retired", dataset=name)
    with workspace.engine(contract) as engine, engine.dataset_lock(name):
        stored: TableInfo | None = engine.info(contract.table(contract.layer))
        if not dry_run:
            _write_status(workspace, name)
    contracts = workspace.project.valid_contracts().values()
    readers = [c.name for c in contracts if c.model and not c.retired and any(table.name == name for table in c.model.inputs)]
    return Retirement(dataset=name, rows=stored.rows if stored else 0, readers=tuple(readers), is_written=not dry_run)


def _write_status(workspace: Workspace, name: str) -> None:
    path = workspace.project.contract_path(name)
    file = workspace.project.label(path)
    text = with_status(read_text(path, file), RETIRED)
    if not parse_contract(text, file).retired:
        raise ContractError("status_not_written", file=file, dataset=name)
    try:
        replace_file(path, text)
    except OSError as error:
        raise MachineError("contract_not_writable", file=file, found=error.strerror) from error
