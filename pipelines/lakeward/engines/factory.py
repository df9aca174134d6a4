"""Opens an engine by name. Engines are imported only when opened: a DAG parse must not import DuckDB or Spark."""

from lakeward.core.errors import MachineError, SettingsError
from lakeward.core.settings import ENGINES, SparkSettings
from lakeward.engines.protocols import Engine


def open_engine(name: str, lake: str, memory: str | None = None, spark: SparkSettings | None = None) -> Engine:
    """A session of the engine called `name` over the lake at `lake`, which is created if missing.

    Args:
        memory: Memory limit of the session in DuckDB's notation (`4GiB`); None for the engine's default.
        spark: How to start a Spark session; None for this machine.

    Raises:
        SettingsError: The engine does not exist.
        MachineError: The lake can't be written, or a requirement of the engine is not installed.
    """
    if name not in ENGINES:
        raise SettingsError("setting_not_allowed", variable="LAKEWARD_ENGINE", expected=", ".join(ENGINES), found=name)
    if name == "spark":
        return _open_spark(lake, memory, spark or SparkSettings())
    from lakeward.engines.embedded.engine import EmbeddedEngine  # noqa: PLC0415

    return EmbeddedEngine(lake, memory_limit=memory)


def _open_spark(lake: str, memory: str | None, settings: SparkSettings) -> Engine:
    try:
        from lakeward.engines.spark.engine import SparkEngine  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"pyspark", "py4j"}:
            raise
        raise MachineError("extra_missing", extra="spark") from error
    return SparkEngine(lake, settings, memory_limit=memory)
