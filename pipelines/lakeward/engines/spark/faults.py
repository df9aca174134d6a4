"""Translates Spark's errors into Lakeward errors.

Spark's messages can quote values, so they are not passed on (docs/explanation/laws.md, 6).
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from py4j.protocol import Py4JError
from pyspark.errors import AnalysisException, ParseException, PySparkException

from lakeward.core.errors import ContractError, DefinitionError, LakewardError, MachineError
from lakeward.core.storage.faults import store_fault
from lakeward.core.storage.remote_path import LakePath, RemotePath

# Exceptions of a query, in Python and in the JVM.
FAILURES = (PySparkException, Py4JError)
# Maximum characters of Spark's text about a query; a message stays below 500.
_LONGEST = 200
# Delta's errors for unsupported features.
_FEATURE = (
    "DELTA_FEATURES_PROTOCOL",
    "DELTA_UNSUPPORTED_FEATURES_FOR_READ",
    "DELTA_INVALID_PROTOCOL_VERSION",
    "DELTA_UNSUPPORTED_READER",
)
# Prefix of an error without a class in pyspark.
_CONDITION = re.compile(r"Exception: \[([A-Z][A-Z0-9_.]+)\]")
# Classes of what Hadoop's client and the SDK below it say.
_OF_A_STORE = ("org.apache.hadoop.fs.s3a.", "software.amazon.awssdk.")
# Texts of the system and of the JVM, with their Lakeward errors.
_MACHINE = {
    "no space left": "disk_full",
    "disk quota exceeded": "disk_full",
    "outofmemoryerror": "spark_memory_full",
    # Texts of standalone, YARN and Kubernetes for executors killed by the system (137) or ended by Java (52).
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
def spark_faults(lake: LakePath) -> Iterator[None]:
    """Raise errors of the block as Lakeward errors.

    Raises:
        DefinitionError: A user's query can't be parsed, or failed on a value.
        ContractError: A table uses a Delta feature that can't be read (`table_feature_unreadable`).
        MachineError: `disk_full`, `spark_memory_full`, `spark_lake_not_shared`, `lake_not_writable`, or `spark_failed` for anything else.
    """
    try:
        yield
    except FAILURES as error:
        # Without the cause, whose text can quote values.
        raise _lakeward_error(error, lake) from None


def _lakeward_error(error: Exception, lake: LakePath) -> LakewardError:
    message, kind = str(error), _error_condition(error)
    if kind.startswith(_FEATURE):
        feature = message[max(message.find(f"[{kind}"), 0) :].partition("\n")[0]
        return ContractError("table_feature_unreadable", lake=lake, feature=feature[:_LONGEST])
    if isinstance(lake, RemotePath) and any(name.startswith(_OF_A_STORE) for name in _java_classes(error)):
        return store_fault(message, str(lake))
    for text, code in _MACHINE.items():
        if text in message.lower():
            return MachineError(code, lake=lake)
    if isinstance(error, AnalysisException | ParseException):
        return DefinitionError("query_not_understood", reason=message.strip().partition("\n")[0][:_LONGEST])
    if isinstance(error, PySparkException) and kind:
        return DefinitionError("query_failed_on_value", kind=kind)
    return MachineError("spark_failed", lake=lake, kind=": ".join((type(error).__name__, *_java_classes(error))))


def _java_classes(error: Exception) -> Iterator[str]:
    """Classes of a Java exception and of its causes, which contain no value."""
    cause = getattr(error, "java_exception", None) or getattr(error, "_origin", None)  # of Py4J, and of pyspark
    while cause is not None:
        yield cause.getClass().getName()
        cause = cause.getCause()


def _error_condition(error: Exception) -> str:
    """Spark's name of the error, which contains no value."""
    if isinstance(error, PySparkException):
        return error.getCondition() or ""
    found = _CONDITION.search(str(error))
    return found[1] if found else ""
