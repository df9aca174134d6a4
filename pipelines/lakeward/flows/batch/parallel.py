"""Runs functions of datasets beside each other, in threads: they share the imports, the database and its memory, and a fork would kill deltalake."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextvars import copy_context
from threading import Event

from lakeward.flows.base.batch_context import BatchStep

# Memory of the machine for each dataset that runs beside others, in bytes.
_BYTES_PER_JOB = 1 << 30


class RunStopped(Exception):  # noqa: N818 (no error: the person or the machine ended the whole run)
    """Another thread ended the run; this dataset ends at its next step, as after a kill."""


def default_jobs() -> int:
    """As many datasets at a time as this process has cores, and the machine GiB of memory."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(1, min(len(os.sched_getaffinity(0)), memory // _BYTES_PER_JOB))


def run_beside(names: Sequence[str], run: Callable[[str], None], jobs: int, stop: Event) -> None:
    """Call `run` with each name, `jobs` at a time; an interrupt ends them all at their next steps.

    Raises: the first error of `run`, when all are done.
    """
    if jobs == 1 or len(names) < 2:
        for name in names:
            run(name)
        return
    executor = ThreadPoolExecutor(jobs, thread_name_prefix="dataset")
    finished = False
    try:
        futures = [executor.submit(copy_context().run, run, name) for name in names]  # spans of theirs lie in the caller's
        errors = [error for future in as_completed(futures) if (error := future.exception())]
        finished = True
    finally:
        if not finished:
            stop.set()
        executor.shutdown(cancel_futures=True)
    for error in errors:
        raise error


def raise_if_stopped(stop: Event, _: BatchStep) -> None:
    """End a dataset's run between two steps.

    Raises:
        RunStopped: Another thread ended the run.
    """
    if stop.is_set():
        raise RunStopped
