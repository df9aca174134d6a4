"""Installs the jars for Spark and checks the requirements of a Spark session."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lakeward.contracts.project import Project
from lakeward.core.errors import ContractError, LakewardError
from lakeward.core.settings import SPARK, Settings, SparkSettings
from lakeward.engines.spark.download import copy_from_folder, download_jars, fetch_from_repository
from lakeward.engines.spark.jars import Jar, check_store_jars, installed_jars, spark_requirements, store_folder, store_jars
from lakeward.engines.spark.machine import check_master, find_java

# Progress callback: number of the jar, number of jars, file name.
OnJar = Callable[[int, int, str], None]


def setup_spark(
    settings: Settings, origin: Path | None, repository: str | None, on_jar: OnJar, *, with_store: bool = False
) -> Path | None:
    """Install Delta's jars, from the folder `origin` or from an artifact repository (None: Maven Central).

    Args:
        with_store: Install the jars for lakes in object stores, too.

    Returns:
        Their folder; None if the cluster provides them.

    Raises:
        MachineError: Java, pyspark or disk space is missing, or a file is damaged.
        TransientError: The repository does not answer.
    """
    folder = settings.spark.jars
    if folder is None:
        return None
    total = len(spark_requirements().jars) + (len(store_jars()) if with_store else 0)
    count = iter(range(1, total + 1))

    def report_jar(jar: Jar) -> None:
        on_jar(next(count), total, jar.file)

    fetch = copy_from_folder(origin) if origin else fetch_from_repository(find_java(settings.spark.java_home), repository)
    download_jars(folder, fetch, report_jar, with_store=with_store)
    return folder


def spark_jars(spark: SparkSettings) -> tuple[Path, ...]:
    """Paths of the jars for a submitted task; empty if the cluster provides them. Their content is not checked here."""
    if spark.jars is None:
        return ()
    store = [store_folder(spark.jars) / jar.file for jar in store_jars()]
    return (
        *(spark.jars / jar.file for jar in spark_requirements().jars),
        *(store if all(file.is_file() for file in store) else ()),
    )


def uses_spark(settings: Settings, project: Project) -> bool:
    """Whether any dataset of the project uses Spark."""
    return settings.engine == SPARK if settings.engine else SPARK in (project.engine, *_dataset_engines(project))


def _dataset_engines(project: Project) -> Iterator[str | None]:
    for name in project.datasets():
        try:
            yield project.contract(name).engine
        except ContractError:  # reported by its lint
            continue


def check_spark(settings: Settings, *, at_url: bool = False) -> Iterator[tuple[str, str | LakewardError]]:
    """The requirements of Spark: for each what was found, or the error.

    Args:
        at_url: Whether the lake is in an object store.
    """
    spark = settings.spark
    checks: dict[str, Callable[[], Any]] = {
        "spark java": lambda: find_java(spark.java_home),
        "spark jars": lambda: _jars_folder(spark.jars),
        **({"spark jars for s3://": lambda: _store_jars_folder(spark.jars)} if at_url else {}),
        "spark master": lambda: _reachable_master(spark.master),
    }
    for name, check in checks.items():
        try:
            yield name, str(check())
        except LakewardError as error:
            yield name, error


def _jars_folder(folder: Path | None) -> str:
    return str(folder) if installed_jars(folder) else "cluster"


def _store_jars_folder(folder: Path | None) -> str:
    check_store_jars(folder)
    return str(folder or "cluster")


def _reachable_master(master: str | None) -> str:
    check_master(master or "")
    return master or "spark-submit"
