"""Checks the jars for Spark, of Delta and of the client of object stores, against the catalogues, offline.

Nothing here imports pyspark: `doctor` and `spark setup` run before it is installed.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import file_digest
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from lakeward.core.errors import MachineError

CATALOGUE = "spark_jars_delta_4.4.0.yaml"
STORE_CATALOGUE = "spark_jars_s3_hadoop_3.5.0.yaml"
_STORE_FOLDER = "s3"
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
    catalogue = _read(CATALOGUE)
    return SparkRequirements(catalogue["java"], catalogue["spark"], _jars_of(catalogue))


@functools.cache
def store_jars() -> tuple[Jar, ...]:
    """The jars that a lake in an object store needs beside Delta's."""
    return tuple(jar for group in _read(STORE_CATALOGUE)["jars"] for jar in _jars_of(group))


def _read(catalogue: str) -> dict[str, Any]:
    file = resources.files("lakeward") / "expectations" / "catalogues" / catalogue
    found: dict[str, Any] = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return found


def _jars_of(group: dict[str, Any]) -> tuple[Jar, ...]:
    return tuple(Jar(group["group"], artifact, group["version"], sha256) for artifact, sha256 in group["sha256"].items())


def installed_jars(folder: Path | None) -> tuple[Path, ...]:
    """The checked jars in `folder`, those for object stores only if all are there; empty without a folder, as on a cluster.

    Raises:
        MachineError: A jar of Delta is missing, one is damaged, or the folder has a jar of another version.
    """
    if folder is None:
        return ()
    if missing := _missing(folder, spark_requirements().jars):
        _check_others(folder, spark_requirements().jars)
        raise MachineError("spark_jars_missing", folder=folder, missing=", ".join(missing))
    found = _intact_jars(folder, spark_requirements().jars)
    store = store_folder(folder)
    return found if _missing(store, store_jars()) else (*found, *_intact_jars(store, store_jars()))


def store_folder(folder: Path) -> Path:
    """The folder of the jars for object stores: a release that knows Delta's alone refuses others beside them."""
    return folder / _STORE_FOLDER


def check_store_jars(folder: Path | None) -> None:
    """Check that the jars for object stores are below `folder`; nothing is known without one, as on a cluster.

    Raises:
        MachineError: One is missing.
    """
    if folder and (missing := _missing(store_folder(folder), store_jars())):
        first, *others = missing
        raise MachineError("spark_store_jars_missing", folder=store_folder(folder), missing=first, others=len(others))


def _intact_jars(folder: Path, jars: Sequence[Jar]) -> tuple[Path, ...]:
    _check_others(folder, jars)
    for jar in jars:
        check_jar(folder / jar.file, jar)
    return tuple(folder / jar.file for jar in jars)


def _check_others(folder: Path, jars: Sequence[Jar]) -> None:
    for other in sorted({path.name for path in folder.glob("*.jar")} - {jar.file for jar in jars}):
        expected = ", ".join(jar.file for jar in jars)
        raise MachineError("spark_jar_other", folder=folder, file=other, spark=spark_requirements().spark, expected=expected)


def _missing(folder: Path, jars: Sequence[Jar]) -> list[str]:
    return [jar.file for jar in jars if not (folder / jar.file).is_file()]


def check_jar(path: Path, jar: Jar) -> None:
    """Check that a file is the jar.

    Raises:
        MachineError: Its hash differs.
    """
    found = file_sha256(path)
    if found != jar.sha256:
        option = " --s3" if jar in store_jars() else ""
        raise MachineError("spark_jar_damaged", file=path, expected=jar.sha256[:_DIGITS], found=found[:_DIGITS], option=option)


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
