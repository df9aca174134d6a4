"""Makes a machine ready for Spark, and tells what stands in the way."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lakeward.contracts.project import Project
from lakeward.core.errors import ContractError, LakewardError
from lakeward.core.settings import SPARK, Settings, SparkSettings
from lakeward.engines.spark.bringing import bring, from_folder, from_repository
from lakeward.engines.spark.jars import Jar, jars, needed
from lakeward.engines.spark.machine import check_master, java

# What told how far it is: number of the jar, of how many, its file.
OnJar = Callable[[int, int, str], None]


def setup_spark(settings: Settings, origin: Path | None, repository: str | None, on_jar: OnJar) -> Path | None:
    """Bring Delta's jars: from the folder `origin`, or from an artifact repository (None: Maven Central).

    Returns:
        The folder that they lie in; None where the cluster has them.

    Raises:
        MachineError: No Java, no pyspark, no room; or a file is not what it should be.
        TransientError: The repository does not answer.
    """
    folder = settings.spark.jars
    if folder is None:
        return None
    count = iter(range(1, len(needed().jars) + 1))

    def told(jar: Jar) -> None:
        on_jar(next(count), len(needed().jars), jar.file)

    fetch = from_folder(origin) if origin else from_repository(java(settings.spark.java_home), repository)
    bring(folder, fetch, told)
    return folder


def spark_jars(spark: SparkSettings) -> tuple[Path, ...]:
    """Delta's jars as a submitted task names them; none where the cluster has them. They are not looked for here."""
    return tuple(spark.jars / jar.file for jar in needed().jars) if spark.jars else ()


def is_used(settings: Settings, project: Project) -> bool:
    """Whether anything of the project works on Spark."""
    return settings.engine == SPARK if settings.engine else SPARK in (project.engine, *_engines(project))


def _engines(project: Project) -> Iterator[str | None]:
    for name in project.datasets():
        try:
            yield project.contract(name).engine
        except ContractError:  # its lint tells it
            continue


def check_spark(settings: Settings) -> Iterator[tuple[str, str | LakewardError]]:
    """What Spark needs, each as it was found or with what is wrong."""
    ours = settings.spark
    checks: dict[str, Callable[[], Any]] = {
        "spark java": lambda: java(ours.java_home),
        "spark jars": lambda: _place(ours.jars),
        "spark master": lambda: _answering(ours.master),
    }
    for name, check in checks.items():
        try:
            yield name, str(check())
        except LakewardError as error:
            yield name, error


def _place(folder: Path | None) -> str:
    return str(folder) if jars(folder) else "cluster"


def _answering(master: str | None) -> str:
    check_master(master or "")
    return master or "spark-submit"
