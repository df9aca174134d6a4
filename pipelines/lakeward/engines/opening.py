"""Opens an engine by name. Engines are imported here and late: a DAG parse must not pay for DuckDB."""

from lakeward.core.errors import SettingsError
from lakeward.engines.protocols import Engine


def open_engine(name: str, lake: str, memory: str | None = None) -> Engine:
    """A session of the engine called `name` over the lake at `lake`, which is made where it is missing.

    Args:
        memory: What the session may use, as DuckDB writes sizes (`4GiB`); None: the engine's own default.

    Raises:
        SettingsError: There is no such engine.
        MachineError: The lake can't be written.
    """
    if name != "embedded":
        raise SettingsError("setting_not_allowed", variable="LAKEWARD_ENGINE", expected="embedded", found=name)
    from lakeward.engines.embedded.engine import EmbeddedEngine  # noqa: PLC0415

    return EmbeddedEngine(lake, memory_limit=memory)
