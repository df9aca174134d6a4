"""Opens an engine by name. Engines are imported here and late: a DAG parse must not pay for DuckDB or Spark."""

from lakeward.core.errors import MachineError, SettingsError
from lakeward.core.settings import ENGINES, SparkSettings
from lakeward.engines.protocols import Engine


def open_engine(name: str, lake: str, memory: str | None = None, spark: SparkSettings | None = None) -> Engine:
    """A session of the engine called `name` over the lake at `lake`, which is made where it is missing.

    Args:
        memory: What the session may use, as DuckDB writes sizes (`4GiB`); None: the engine's own default.
        spark: How a Spark session is started; None: on this machine.

    Raises:
        SettingsError: There is no such engine.
        MachineError: The lake can't be written, or what the engine needs is not installed.
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
