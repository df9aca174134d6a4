"""What this process has used so far, as the operating system counts it."""

import resource
import sys
from dataclasses import dataclass
from pathlib import Path

# Set once, by the program that this process is.
_IS_COMMAND: list[bool] = []
_IO_FILE, _STATUS_FILE = Path("/proc/self/io"), Path("/proc/self/status")
# `ru_maxrss` is in KiB on Linux, in bytes on macOS.
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessUsage:
    """What a process has used since its start.

    Args:
        cpu_seconds: Processor time of all its threads, in user and system mode.
        bytes_read: Bytes that it read from files and sockets, cached ones too; None where the system does not count them.
        bytes_written: Bytes that it wrote; None likewise.
        peak_memory: Highest resident memory, in bytes.
    """

    cpu_seconds: float
    bytes_read: int | None
    bytes_written: int | None
    peak_memory: int


def be_command() -> None:
    """Declare that this process is nothing but one command: what it used since its start is the command's."""
    _IS_COMMAND.append(True)


def usage_before() -> ProcessUsage:
    """What this process had used before the work that begins now: nothing, if it is one command and has not counted yet."""
    if _IS_COMMAND:
        _IS_COMMAND.clear()
        return ProcessUsage(cpu_seconds=0.0, bytes_read=0, bytes_written=0, peak_memory=0)
    return process_usage()


def process_usage() -> ProcessUsage:
    """What this process has used until now; its children are not in it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    read, written = _counted_bytes()
    return ProcessUsage(
        cpu_seconds=used.ru_utime + used.ru_stime,
        bytes_read=read,
        bytes_written=written,
        peak_memory=_peak_memory() or used.ru_maxrss * _MAXRSS_UNIT,
    )


def _peak_memory() -> int | None:
    """`VmHWM` of proc(5), in bytes: of this program alone. Linux starts `ru_maxrss` of a program with that of the process that started it."""
    try:
        found = dict(line.split(":", 1) for line in _STATUS_FILE.read_text(encoding="utf-8").splitlines())
        return int(found["VmHWM"].split()[0]) * 1024
    except (KeyError, OSError, ValueError):
        return None


def _counted_bytes() -> tuple[int | None, int | None]:
    """`rchar` and `wchar` of proc(5): Linux has them, containers may hide them."""
    try:
        found = dict(line.split(": ") for line in _IO_FILE.read_text(encoding="ascii").splitlines())
        return int(found["rchar"]), int(found["wchar"])
    except (KeyError, OSError, ValueError):
        return None, None
