"""Translates DuckDB's errors of a query into Lakeward errors, because its texts can quote values that the reader must not see.

Before a query runs, errors contain only names, which are shown; during the run, only the kind of failure is shown.
"""

import errno
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb

from lakeward.core.errors import LakewardError, MachineError, ProtectionError
from lakeward.engines.embedded.spills import NO_SPILL
from lakeward.protection.policy import Action
from lakeward.serving.plan import NO_PROTECT, NO_TOKENS, ServedTable

_QUOTED = re.compile(r'"([^"]{1,127})"')
# Messages of the binder that name a column, with their codes.
_COLUMN = re.compile(r'column (?:named )?"([^"]{1,127})"')
# Beginnings of DuckDB's texts of failures while Arrow takes rows, which come as OSError, with their kinds.
_STREAMED = {
    "Conversion Error": "Conversion",
    "INTERRUPT Error": "Interrupt",
    "Invalid Input Error": "InvalidInput",
    "Out of Range Error": "OutOfRange",
}
# Of a failure inside DuckDB, which refuses each later query of its session.
_BROKEN = ("FATAL Error", "INTERNAL Error")
_NO_MEMORY, _INPUT_OUTPUT = "Out of Memory Error", "IO Error"
# In DuckDB's text of a temporary file that can't be written, which quotes the system's own words: full disk, quota, limit of a file.
_NO_SPACE = tuple(map(os.strerror, (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)))


@contextmanager
def bind_faults(tables: Sequence[ServedTable]) -> Iterator[None]:
    """Translate failures of binding a query that reads `tables`.

    Raises:
        ProtectionError: `query_column_hidden`, `query_column_unknown`, or `query_failed` for anything else.
        MachineError: A query with parameters, which runs at once, needs more memory than the session may use.
    """
    try:
        yield
    except duckdb.BinderException as error:
        _check_hidden_columns(str(error).splitlines()[0], tables)
        named = _COLUMN.search(str(error).splitlines()[0])
        if named:
            raise ProtectionError("query_column_unknown", column=named[1]) from None
        raise ProtectionError("query_failed", kind="Binder") from None
    except duckdb.Error as error:
        raise _query_failed(error) from None
    except UnicodeDecodeError as error:
        raise _failed_by_bytes(error) from None
    except (RuntimeError, TypeError, ValueError) as error:  # a value of a parameter that DuckDB does not take
        raise ProtectionError("query_failed", kind=type(error).__name__) from None


@contextmanager
def run_faults() -> Iterator[None]:
    """Translate failures while rows are computed; DuckDB's text is dropped, and the error is not chained.

    Raises:
        ProtectionError: `query_failed`, with the kind of failure.
        MachineError: The query needs more memory than the session may use, the disk of its temporary files is full, or DuckDB failed
            in itself (`query_engine_broken`).
    """
    try:
        yield
    except duckdb.Error as error:
        raise _query_failed(error) from None
    except UnicodeDecodeError as error:
        raise _failed_by_bytes(error) from None


@contextmanager
def stream_faults() -> Iterator[None]:
    """Translate failures while Arrow takes the rows of a query: see `run_faults`.

    Raises:
        ProtectionError, MachineError: As `run_faults`.
    """
    with run_faults():
        try:
            yield
        except OSError as error:
            raise _failed_by_text(str(error)) from None


def _query_failed(error: duckdb.Error) -> LakewardError:
    if isinstance(error, duckdb.OutOfMemoryException):
        return MachineError("query_memory_masked" if NO_SPILL in str(error) else "query_memory")
    if isinstance(error, duckdb.IOException) and _has_no_space(str(error)):
        return MachineError("query_disk_full")
    if isinstance(error, (duckdb.InternalException, duckdb.FatalException)):
        return MachineError("query_engine_broken")
    return ProtectionError("query_failed", kind=type(error).__name__.removesuffix("Exception"))


def _failed_by_text(text: str) -> LakewardError:
    """The failure by the beginning of DuckDB's text."""
    start = text.partition(":")[0]
    if start == _NO_MEMORY:
        return MachineError("query_memory_masked" if NO_SPILL in text else "query_memory")
    if start == _INPUT_OUTPUT and _has_no_space(text):
        return MachineError("query_disk_full")
    if start in _BROKEN:
        return MachineError("query_engine_broken")
    return ProtectionError("query_failed", kind=_STREAMED.get(start, "Unknown"))


def _failed_by_bytes(error: UnicodeDecodeError) -> LakewardError:
    """The failure by a text that Python can't read: DuckDB has cut a value that it quotes within a character."""
    return _failed_by_text(bytes(error.object).decode("utf-8", "replace"))


def _has_no_space(text: str) -> bool:
    return any(words in text for words in _NO_SPACE)


def _check_hidden_columns(message: str, tables: Sequence[ServedTable]) -> None:
    names = {name.lower() for name in _QUOTED.findall(message)}
    for table in tables:
        for column in table.columns:
            if column.decision.action is Action.DENY and column.name.lower() in names:
                where = f"{table.name}.{column.name}"
                if column.decision.why in {NO_TOKENS, NO_PROTECT}:
                    extra = "tokens" if column.decision.why == NO_TOKENS else "protect"
                    raise ProtectionError("query_column_without_tokens", column=where, extra=extra) from None
                raise ProtectionError("query_column_hidden", column=where, ask=column.decision.ask) from None
