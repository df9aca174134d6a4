"""Checks Delta's jars for Spark against the catalogue, offline.

Nothing here imports pyspark: `doctor` and `spark setup` run before it is installed.
"""

import functools
from dataclasses import dataclass
from hashlib import file_digest
from importlib import resources
from pathlib import Path

import yaml

from lakeward.core.errors import MachineError

CATALOGUE = "spark_jars_delta_4.4.0.yaml"
# Digits of a SHA-256 to distinguish two files by eye.
_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Jar:
    """One artifact; `sha256` is the hash of the published file."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.artifact}-{self.version}.jar"


@dataclass(frozen=True, slots=True)
class SparkRequirements:
    """Requirements of the Spark engine.

    Args:
        java: The major version of Java.
        spark: The version of Spark of the jars.
    """

    java: int
    spark: str
    jars: tuple[Jar, ...]


@functools.cache
def spark_requirements() -> SparkRequirements:
    """The requirements in the catalogue."""
    file = resources.files("lakeward") / "expectations" / "catalogues" / CATALOGUE
    catalogue = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    found = tuple(
        Jar(catalogue["group"], artifact, catalogue["version"], sha256) for artifact, sha256 in catalogue["sha256"].items()
    )
    return SparkRequirements(catalogue["java"], catalogue["spark"], found)


def installed_jars(folder: Path | None) -> tuple[Path, ...]:
    """The checked jars in `folder`; empty without a folder, as on a cluster that provides Delta.

    Raises:
        MachineError: A jar is missing or damaged, or the folder has a jar of another version.
    """
    if folder is None:
        return ()
    required_jars = spark_requirements().jars
    for other in sorted({path.name for path in folder.glob("*.jar")} - {jar.file for jar in required_jars}):
        expected = ", ".join(jar.file for jar in required_jars)
        raise MachineError("spark_jar_other", folder=folder, file=other, spark=spark_requirements().spark, expected=expected)
    missing = [jar.file for jar in required_jars if not (folder / jar.file).is_file()]
    if missing:
        raise MachineError("spark_jars_missing", folder=folder, missing=", ".join(missing))
    for jar in required_jars:
        check_jar(folder / jar.file, jar)
    return tuple(folder / jar.file for jar in required_jars)


def check_jar(path: Path, jar: Jar) -> None:
    """Check that a file is the jar.

    Raises:
        MachineError: Its hash differs.
    """
    found = file_sha256(path)
    if found != jar.sha256:
        raise MachineError("spark_jar_damaged", file=path, expected=jar.sha256[:_DIGITS], found=found[:_DIGITS])


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
