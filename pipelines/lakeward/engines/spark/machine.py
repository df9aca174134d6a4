"""Checks the requirements of Spark before it starts: the right Java, and a reachable master. Does not import pyspark.

Spark itself reports these problems late, with a stack trace or a time-out.
"""

import re
import shutil
import socket
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from lakeward.core.errors import MachineError, SettingsError, TransientError
from lakeward.engines.spark.jars import spark_requirements

# Time-out in seconds: `java -version` takes about 50 ms, on a swapping machine a hundred times as long.
_JAVA_SECONDS = 30
# Time-out in seconds: a master answers within milliseconds.
_MASTER_SECONDS = 3
# Java 8 reports version 1.8.
_VERSION = re.compile(r'version "(?:1\.)?(\d+)[^"]*"')
_STANDALONE = "spark://"


def find_java(home: Path | None) -> Path:
    """Find the Java that Spark will start, and check its version.

    Args:
        home: JAVA_HOME; None for the first `java` on the PATH.

    Raises:
        MachineError: Java is missing, or has another version.
    """
    expected = spark_requirements().java
    found = str(home / "bin" / "java") if home else shutil.which("java")
    version_output = _version_output(found) if found else None
    if version_output is None:
        raise MachineError("java_missing", place=found or "PATH", expected=expected)
    major = _VERSION.search(version_output)
    if major is None or int(major[1]) != expected:
        raise MachineError("java_wrong", place=found, expected=expected, found=major[1] if major else "?")
    return Path(str(found))


def _version_output(binary: str) -> str | None:
    try:
        process = subprocess.run(  # noqa: S603  (the Java that Spark would start)
            [binary, "-version"], capture_output=True, text=True, check=False, timeout=_JAVA_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return process.stderr + process.stdout


def check_master(master: str) -> None:
    """Check that a standalone master accepts connections; one of several is enough. Other cluster managers are not checked.

    Raises:
        SettingsError: The address is not valid.
        TransientError: No master answers.
    """
    if not master.startswith(_STANDALONE):
        return
    if not any(_is_reachable(_address(master, part)) for part in master.removeprefix(_STANDALONE).split(",")):
        raise TransientError("spark_master_down", master=master)


def _address(master: str, part: str) -> tuple[str, int]:
    try:
        url = urlsplit(f"//{part}")
        host, port = url.hostname, url.port
    except ValueError:
        host, port = None, None
    if not host or port is None:
        raise SettingsError("setting_not_allowed", variable="LAKEWARD_SPARK_MASTER", expected="spark://HOST:PORT", found=master)
    return host, port


def _is_reachable(address: tuple[str, int]) -> bool:
    try:
        with socket.create_connection(address, timeout=_MASTER_SECONDS):
            return True
    except OSError:
        return False
