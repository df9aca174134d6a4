"""What Spark says when a query, a value or the machine stands in the way, in our words.

Refuses to hand on what Spark says of a value: its messages quote it (docs/explanation/laws.md, 6).
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from py4j.protocol import Py4JError
from pyspark.errors import AnalysisException, ParseException, PySparkException

from lakeward.core.errors import ContractError, DefinitionError, LakewardError, MachineError

# What a query fails with, in Python and in the JVM.
FAILURES = (PySparkException, Py4JError)
# Characters of what Spark says of a query; a message stays below 500.
_LONGEST = 200
# How Delta names what it can't read.
_FEATURE = (
    "DELTA_FEATURES_PROTOCOL",
    "DELTA_UNSUPPORTED_FEATURES_FOR_READ",
    "DELTA_INVALID_PROTOCOL_VERSION",
    "DELTA_UNSUPPORTED_READER",
)
# How an error that pyspark knows no class for begins.
_CONDITION = re.compile(r"Exception: \[([A-Z][A-Z0-9_.]+)\]")
# Texts of the system and of the JVM, and the error that each is.
_MACHINE = {
    "no space left": "disk_full",
    "disk quota exceeded": "disk_full",
    "outofmemoryerror": "spark_memory_full",
    # As standalone, YARN and Kubernetes tell what the system killed (137), or Java ended with (52).
    "exit code: 137": "spark_memory_full",
    "exited with code 137": "spark_memory_full",
    "exited with exit code 137": "spark_memory_full",
    "exited with code 52": "spark_memory_full",
    "exited with exit code 52": "spark_memory_full",
    "failed_read_file.file_not_exist": "spark_lake_not_shared",
    "mkdirs failed to create": "spark_lake_not_shared",
    "permission denied": "lake_not_writable",
    "read-only file system": "lake_not_writable",
}


@contextmanager
def spark_faults(lake: Path) -> Iterator[None]:
    """Raise what fails inside as an error of ours.

    Raises:
        DefinitionError: A query that a person wrote can't be understood, or stumbled over a value.
        ContractError: A table uses a Delta feature that can't be read (`table_feature_unreadable`).
        MachineError: `disk_full`, `spark_memory_full`, `spark_lake_not_shared`, `lake_not_writable`, or `spark_failed` for anything else.
    """
    try:
        yield
    except FAILURES as error:
        # Without its cause, whose text quotes values.
        raise _lakeward_error(error, lake) from None


def _lakeward_error(error: Exception, lake: Path) -> LakewardError:
    message, kind = str(error), _error_condition(error)
    if kind.startswith(_FEATURE):
        feature = message[max(message.find(f"[{kind}"), 0) :].partition("\n")[0]
        return ContractError("table_feature_unreadable", lake=lake, feature=feature[:_LONGEST])
    for text, code in _MACHINE.items():
        if text in message.lower():
            return MachineError(code, lake=lake)
    if isinstance(error, AnalysisException | ParseException):
        return DefinitionError("query_not_understood", reason=message.strip().partition("\n")[0][:_LONGEST])
    if isinstance(error, PySparkException) and kind:
        return DefinitionError("query_failed_on_value", kind=kind)
    return MachineError("spark_failed", lake=lake, kind=type(error).__name__)


def _error_condition(error: Exception) -> str:
    """Spark's own name of the error, which holds no value."""
    if isinstance(error, PySparkException):
        return error.getCondition() or ""
    found = _CONDITION.search(str(error))
    return found[1] if found else ""
