"""The summary of a test run: seconds per folder, and the tests left out with the command that runs them.

It works alike in one process and over several workers: reports reach the controller, and a worker hands on what it left out.
"""

import sys
from collections import Counter
from pathlib import PurePosixPath

import pytest

LEFT_OUT = pytest.StashKey[Counter]()
SECONDS = pytest.StashKey[Counter]()
WORKER = "left_out"


def pytest_configure(config):
    config.stash[LEFT_OUT] = Counter()
    config.stash[SECONDS] = Counter()
    config.pluginmanager.register(Reports(config), "seconds-per-folder")


def pytest_deselected(items):
    for item in items:
        item.config.stash[LEFT_OUT].update(["exhaustive" if item.get_closest_marker("exhaustive") else "not selected"])


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[WORKER] = dict(session.config.stash[LEFT_OUT])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    # Every worker collects, and leaves out, the same tests.
    node.config.stash[LEFT_OUT] |= Counter(getattr(node, "workeroutput", {}).get(WORKER, {}))


class Reports:
    """Adds up how long tests took, by the folder they lie in."""

    def __init__(self, config):
        self.config = config

    def pytest_runtest_logreport(self, report):
        self.config.stash[SECONDS][folder(report.nodeid)] += report.duration


def folder(nodeid):
    """The folder of a test, two levels deep: `tests/unit/core`."""
    return "/".join(PurePosixPath(nodeid.partition("::")[0]).parent.parts[:3])


def pytest_terminal_summary(terminalreporter, config):
    seconds = config.stash[SECONDS]
    if seconds.total() > 1:
        terminalreporter.section("seconds per folder, over all workers")
        for name, spent in seconds.most_common():
            terminalreporter.write_line(f"{spent:7.1f}  {name}")


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    exhaustive = config.stash[LEFT_OUT]["exhaustive"]
    if exhaustive and not hasattr(config, "workerinput"):
        sys.stdout.write(f"Left out: {exhaustive} tests that are marked exhaustive. To run them too: make test-all\n")
