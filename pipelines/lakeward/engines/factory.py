"""Opens an engine by name. Engines are imported only when opened: a DAG parse must not import DuckDB or Spark."""

from threading import Lock
from typing import TYPE_CHECKING

from lakeward.core.errors import MachineError, SettingsError, UsageError
from lakeward.core.settings import EMBEDDED, ENGINES, SparkSettings
from lakeward.core.storage.lake import Lake
from lakeward.core.storage.options import AzureOptions
from lakeward.engines.protocols import Engine

if TYPE_CHECKING:
    from lakeward.engines.embedded.engine import EmbeddedEngine


class EnginePool:
    """Sessions over one lake, for several threads: those of the embedded engine share one database, with its memory and threads.

    Args:
        memory: See `open_engine`; of all sessions together.
        spark: See `open_engine`.
    """

    def __init__(self, lake: Lake | str, memory: str | None = None, spark: SparkSettings | None = None) -> None:
        self._lake, self._memory, self._spark = lake, memory, spark
        self._first: EmbeddedEngine | None = None
        self._lock = Lock()

    def open(self, name: str) -> Engine:
        """A session of the engine called `name`; to be closed before the pool.

        Raises:
            SettingsError, MachineError: As `open_engine`.
        """
        if name != EMBEDDED:
            return open_engine(name, self._lake, self._memory, self._spark)
        from lakeward.engines.embedded.engine import EmbeddedEngine  # noqa: PLC0415

        with self._lock:
            if self._first is None:
                self._first = EmbeddedEngine(self._lake, memory_limit=self._memory)
            return _with_names(self._first.new_session(), self._lake)

    def close(self) -> None:
        """End the shared database."""
        if self._first:
            self._first.close()


def open_engine(name: str, lake: Lake | str, memory: str | None = None, spark: SparkSettings | None = None) -> Engine:
    """A session of the engine called `name` over the lake; a folder is created if missing.

    Args:
        memory: Memory limit of the session in DuckDB's notation (`4GiB`); None for the engine's default.
        spark: How to start a Spark session; None for this machine.

    Raises:
        SettingsError: The engine does not exist.
        UsageError: The lake is a URL as text, or in a store that the Spark engine does not read.
        MachineError: The lake can't be written, or a requirement of the engine is not installed.
    """
    if name not in ENGINES:
        raise SettingsError("setting_not_allowed", variable="LAKEWARD_ENGINE", expected=", ".join(ENGINES), found=name)
    if isinstance(lake, str) and "://" in lake:  # how it is reached is not said
        raise UsageError("lake_not_local", lake=lake)
    if name == "spark":
        return _with_names(_open_spark(lake, memory, spark or SparkSettings()), lake)
    from lakeward.engines.embedded.engine import EmbeddedEngine  # noqa: PLC0415

    return _with_names(EmbeddedEngine(lake, memory_limit=memory), lake)


def _with_names(engine: Engine, lake: Lake | str) -> Engine:
    """The engine by the names of now, where the lake has renamed datasets."""
    if isinstance(lake, str) or not lake.names:
        return engine
    from lakeward.engines.renamed import RenamedTables  # noqa: PLC0415 -- few lakes need it

    return RenamedTables(engine, lake.names)


def _open_spark(lake: Lake | str, memory: str | None, settings: SparkSettings) -> Engine:
    try:
        from lakeward.engines.spark.engine import SparkEngine  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"pyspark", "py4j"}:
            raise
        raise MachineError("extra_missing", extra="spark") from error
    if isinstance(lake, Lake) and isinstance(lake.options, AzureOptions):
        raise UsageError("spark_lake_in_azure", lake=lake)
    return SparkEngine(lake, settings, memory_limit=memory)
