"""Translates errors of the operating system, DuckDB and deltalake into Lakeward errors."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
from deltalake.exceptions import DeltaError

from lakeward.core.errors import ContractError, DefinitionError, LakewardError, MachineError
from lakeward.core.storage.faults import store_fault
from lakeward.core.storage.remote_path import LakePath, RemotePath
from lakeward.engines.delta.features import refused_feature
from lakeward.engines.embedded.spills import NO_SPILL

# Texts of ENOSPC, EFBIG and EDQUOT: DuckDB and deltalake pass on the text of the system's error, not its number.
_FULL = ("no space left", "file too large", "disk quota exceeded", "storage full")
# What deltalake says of a store's answer where it has no error of the system for it.
_OF_A_STORE = "object store"
_OF_THE_MACHINE = (duckdb.OutOfMemoryException, duckdb.IOException, DeltaError, OSError)
# What DuckDB says before it has seen a row names columns and functions, never values.
_UNREADABLE = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException, duckdb.SyntaxException)
# Maximum characters of such a text; a message stays below 500.
_LONGEST = 200


@contextmanager
def machine_faults(lake: LakePath) -> Iterator[None]:
    """Raise failures of the machine, and of tables changed by other programs, as Lakeward errors.

    Raises:
        DefinitionError: A user's query can't be parsed, or failed on a value.
        ContractError: A table uses a Delta feature that can't be read (`table_feature_unreadable`).
        MachineError: `disk_full`, `memory_full`, `lake_not_writable` for any other failure of input or output, what an object store
            says (`core.storage.faults`), or `engine_failed`.
    """
    try:
        yield
    except duckdb.InterruptException:
        raise
    except _OF_THE_MACHINE as error:
        fault = _machine_fault(error, lake)
        if fault is None:
            raise
        raise fault from error
    # Without their cause: DuckDB quotes the value that it could not compute with (docs/explanation/laws.md, 6).
    except _UNREADABLE as error:
        raise DefinitionError("query_not_understood", reason=str(error).partition("\n")[0][:_LONGEST]) from None
    except (duckdb.DataError, duckdb.InvalidInputException) as error:
        raise DefinitionError("query_failed_on_value", kind=type(error).__name__) from None
    except duckdb.Error as error:
        raise MachineError("engine_failed", kind=type(error).__name__) from None


def _machine_fault(error: Exception, lake: LakePath) -> LakewardError | None:
    """None for what deltalake says of a table, and others catch."""
    if isinstance(error, duckdb.OutOfMemoryException):
        return MachineError("query_memory_masked") if NO_SPILL in str(error) else MachineError("memory_full", lake=lake)
    if feature := refused_feature(str(error)):
        return ContractError("table_feature_unreadable", lake=lake, feature=feature)
    if any(text in str(error).lower() for text in _FULL):
        return MachineError("disk_full", lake=lake)
    if isinstance(error, DeltaError) and not (type(error) is DeltaError and _OF_A_STORE in str(error)):
        return None
    return store_fault(str(error), str(lake)) if isinstance(lake, RemotePath) else MachineError("lake_not_writable", lake=lake)
