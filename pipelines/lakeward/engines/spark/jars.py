"""Where Delta's jars for Spark lie on this machine. Refuses the network: a session starts from files or not at all."""

from pathlib import Path

from lakeward.core.errors import MachineError


def jars(folder: Path | None) -> tuple[Path, ...]:
    """The jars in `folder`, by name; None where none are named, as on a cluster that has Delta already.

    Raises:
        MachineError: The folder holds none.
    """
    if folder is None:
        return ()
    found = tuple(sorted(folder.glob("*.jar")))
    if not found:
        raise MachineError("spark_jars_missing", folder=folder)
    return found
