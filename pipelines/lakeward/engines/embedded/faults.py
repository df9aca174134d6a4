"""Translates errors of the operating system, DuckDB and deltalake into Lakeward errors."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from deltalake.exceptions import DeltaError

from lakeward.core.errors import ContractError, DefinitionError, MachineError

# Texts of ENOSPC, EFBIG and EDQUOT: DuckDB and deltalake pass on the text of the system's error, not its number.
_FULL = ("no space left", "file too large", "disk quota exceeded", "storage full")
# Error texts of the Delta kernel, which both use, for an unknown table feature or protocol version.
_UNSUPPORTED = re.compile(r"Unsupported: (?:Feature )?'?([^'\n]+)")

# Errors that DuckDB raises before it reads a row; they name columns and functions, never values.
_UNREADABLE = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException, duckdb.SyntaxException)
# Maximum characters of such a text; a message stays below 500.
_LONGEST = 200


@contextmanager
def machine_faults(lake: Path) -> Iterator[None]:
    """Raise failures of the machine, and of tables changed by other programs, as Lakeward errors.

    Raises:
        DefinitionError: A user's query can't be parsed, or failed on a value.
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
    # Without the cause: DuckDB quotes the value that failed (docs/explanation/laws.md, 6).
    except _UNREADABLE as error:
        raise DefinitionError("query_not_understood", reason=str(error).partition("\n")[0][:_LONGEST]) from None
    except (duckdb.DataError, duckdb.InvalidInputException) as error:
        raise DefinitionError("query_failed_on_value", kind=type(error).__name__) from None


def _full(error: Exception) -> bool:
    return any(text in str(error).lower() for text in _FULL)
