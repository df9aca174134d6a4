"""Installs jars for Spark once: downloads them from an artifact repository with pyspark's Ivy, or copies them from a folder.

Each jar is checked before it gets its name, and existing jars are kept, so that a call after a kill resumes.
"""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import quoteattr

from lakeward.core.errors import MachineError, TransientError
from lakeward.engines.spark.jars import Jar, check_jar, file_sha256, installed_jars, spark_requirements, store_folder, store_jars

# Puts the jar's file into the given folder.
FetchJar = Callable[[Jar, Path], None]
# Time-out: the largest jar has 10 MB, and 20 kB/s is the slowest supported connection.
_SECONDS = 600
_MIRROR = """<ivysettings>
  <settings defaultResolver="mirror"/>
  <resolvers><ibiblio name="mirror" m2compatible="true" root={root}/></resolvers>
</ivysettings>
"""


def download_jars(folder: Path, fetch: FetchJar, on_jar: Callable[[Jar], None], *, with_store: bool = False) -> tuple[Path, ...]:
    """Install missing jars in `folder` and call `on_jar` for each jar.

    Args:
        with_store: Those for object stores, too.

    Raises:
        MachineError: The folder can't be written, a downloaded jar has another checksum, or the folder contains other jars.
        TransientError: A jar is not available now.
    """
    wanted = [(folder, jar) for jar in spark_requirements().jars]
    wanted += [(store_folder(folder), jar) for jar in store_jars()] if with_store else []
    for place, jar in wanted:
        try:
            _download_jar(place, jar, fetch)
        except OSError as error:
            raise MachineError("spark_jars_not_kept", folder=folder, reason=type(error).__name__) from error
        on_jar(jar)
    return installed_jars(folder)


def _download_jar(folder: Path, jar: Jar, fetch: FetchJar) -> None:
    kept = folder / jar.file
    if kept.is_file() and file_sha256(kept) == jar.sha256:
        return
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".bringing-") as part:
        fetch(jar, Path(part))
        check_jar(Path(part) / jar.file, jar)
        os.replace(Path(part) / jar.file, kept)  # noqa: PTH105  (the words say that it is atomic)


def copy_from_folder(origin: Path) -> FetchJar:
    """Copies jars from a folder, such as a USB stick, or from the folder of those for object stores in it."""

    def fetch(jar: Jar, into: Path) -> None:
        found = [place / jar.file for place in (origin, store_folder(origin)) if (place / jar.file).is_file()]
        if not found:
            raise MachineError("spark_jar_not_there", folder=origin, file=jar.file)
        shutil.copyfile(found[0], into / jar.file)

    return fetch


def fetch_from_repository(java: Path, repository: str | None) -> FetchJar:
    """Downloads jars by their coordinates, as Spark does.

    Args:
        repository: URL of a mirror in Maven's layout; None for Ivy's default, Maven Central.

    Raises:
        MachineError: pyspark is not installed.
    """
    ivy = _find_ivy()

    def fetch(jar: Jar, into: Path) -> None:
        arguments = ["-cache", "ivy", "-confs", "master", "-dependency", jar.group, jar.artifact, jar.version]
        if repository:
            (into / "mirror.xml").write_text(_MIRROR.format(root=quoteattr(repository)), encoding="utf-8")
            arguments += ["-settings", "mirror.xml"]
        command = [str(java), "-jar", str(ivy), *arguments, "-retrieve", "[artifact]-[revision].[ext]"]
        try:
            done = subprocess.run(command, cwd=into, capture_output=True, check=False, timeout=_SECONDS)  # noqa: S603  (our words)
        except subprocess.TimeoutExpired:
            done = None
        if done is None or done.returncode or not (into / jar.file).is_file():
            raise TransientError("spark_jar_not_brought", jar=f"{jar.group}:{jar.artifact}:{jar.version}")

    return fetch


def _find_ivy() -> Path:
    spec = importlib.util.find_spec("pyspark")
    for location in (spec and spec.submodule_search_locations) or ():
        for ivy in Path(location).glob("jars/ivy-*.jar"):
            return ivy
    raise MachineError("extra_missing", extra="spark")
