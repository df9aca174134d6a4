"""What the operating system, DuckDB and deltalake say when the machine stands in the way, in our words."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from deltalake.exceptions import DeltaError

from lakeward.core.errors import ContractError, MachineError

# Texts of ENOSPC, EFBIG and EDQUOT: DuckDB and deltalake hand on the text of the system's error, not its number.
_FULL = ("no space left", "file too large", "disk quota exceeded", "storage full")
# How the Delta kernel, which both use, names a table feature or protocol version that it does not know.
_UNSUPPORTED = re.compile(r"Unsupported: (?:Feature )?'?([^'\n]+)")


@contextmanager
def machine_faults(lake: Path) -> Iterator[None]:
    """Raise what fails inside because of the machine, or of what another program made of a table, as an error of ours.

    Raises:
        ContractError: A table uses a Delta feature that can't be read (`table_feature_unreadable`).
        MachineError: `disk_full`, `memory_full`, or `lake_not_writable` for any other failure of input or output.
    """
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise MachineError("memory_full", lake=lake) from error
    except (duckdb.IOException, DeltaError, OSError) as error:
        if unsupported := _UNSUPPORTED.search(str(error)):
            raise ContractError("table_feature_unreadable", lake=lake, feature=unsupported[1]) from error
        if _full(error):
            raise MachineError("disk_full", lake=lake) from error
        if isinstance(error, DeltaError):
            raise
        raise MachineError("lake_not_writable", lake=lake) from error


def _full(error: Exception) -> bool:
    return any(text in str(error).lower() for text in _FULL)
