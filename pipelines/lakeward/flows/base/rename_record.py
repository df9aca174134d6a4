"""The record of renamings in the lake: who renamed which dataset, and what a project that lost its own list is refused by."""

from collections.abc import Mapping

from lakeward.core.errors import StoreConflictError
from lakeward.core.sql import literal
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance

TABLE = "renames"


def append_renaming(engine: Engine, names: Mapping[str, str], signature: Mapping[str, object]) -> None:
    """Append a renaming, unless it is the dataset's newest already.

    Args:
        names: `stored_name`, `old_name` and `new_name`.
        signature: `author`, `verified` and `recorded_at`.

    Raises:
        StoreConflictError: Others kept committing first.
    """
    for _ in governance.BACKOFF:
        last = engine.txn(governance.table_name(TABLE), TABLE)
        found = governance.read_rows(engine, TABLE, order="seq DESC LIMIT 1", stored_name=names["stored_name"])
        if found and {name: found[0][name] for name in names} == names:
            return
        row = {**names, **signature, "seq": last + 1}
        if governance.append_rows(engine, TABLE, [row], Txn(TABLE, last + 1)):
            return
    raise StoreConflictError("signed_rows_busy")


def check_known(engine: Engine, dataset: str) -> None:
    """Check that a dataset without a batch is not a renamed one whose tables lie under another name.

    Raises:
        StoreConflictError: The lake knows this name, and the project does not.
    """
    for row in governance.read_rows(engine, TABLE, order="seq", new_name=dataset):
        if engine.names.stored_name(dataset) != row["stored_name"]:
            raise StoreConflictError("rename_unknown", dataset=dataset, old=row["old_name"])


def encrypted_column(engine: Engine, dataset: str) -> str | None:
    """A column of the dataset that has a key: its values are bound to the dataset's name."""
    found = governance.read_rows(engine, "keys", f"split_part(\"column\", '.', 2) = {literal(dataset)}")
    return str(found[0]["column"]) if found else None
