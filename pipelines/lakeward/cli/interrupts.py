"""Ends the process at Ctrl-C with one line and exit code 130, also where a library holds up Python's own handler.

Nothing is lost: a commit is whole or not there, and the next run finishes what this one began (docs/explanation/laws.md, 4).
"""

import _thread
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lakeward.core.errors import ExitCode
from lakeward.core.messages import Lang, text

# Seconds for the command to remove its temporary files, where it can.
_GRACE = 1.0
# Shows the cursor that a progress text hides, and clears its line.
_SHOW_CURSOR = "\x1b[?25h\r\x1b[2K"


@contextmanager
def exit_on_interrupt(lang: Lang) -> Iterator[None]:
    """Within, Ctrl-C ends the process. For the main thread of a process of its own."""
    interrupted = threading.Event()

    def unwind(*_: object) -> None:
        if interrupted.is_set():
            raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:  # such as of a job in the background
        yield
        return
    signals, written = os.pipe()
    os.set_blocking(written, False)
    signal.signal(signal.SIGINT, unwind)
    # Python's handler runs between two steps of Python's own; this file is written to at once.
    signal.set_wakeup_fd(written, warn_on_full_buffer=False)
    threading.Thread(target=_wait, args=(lang, signals, interrupted), daemon=True).start()
    try:
        yield
    finally:
        if interrupted.is_set():
            os._exit(ExitCode.INTERRUPTED)


def stop_event() -> threading.Event:
    """An event that Ctrl-C and SIGTERM set, for a command whose usual end they are: it finishes what it is at."""
    stop = threading.Event()
    signal.set_wakeup_fd(-1)  # the thread of `exit_on_interrupt` would end the process
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _wait(lang: Lang, signals: int, interrupted: threading.Event) -> None:
    while os.read(signals, 1) != bytes([signal.SIGINT]):
        continue
    line = (_SHOW_CURSOR if sys.stderr.isatty() else "") + text("interrupted", lang) + "\n"
    with suppress(OSError):
        os.write(2, line.encode())
    interrupted.set()  # only now: the main thread ends the process as soon as it sees it
    sys.stdout = sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 -- until the process ends
    _thread.interrupt_main()
    time.sleep(_GRACE)
    os._exit(ExitCode.INTERRUPTED)
