"""Machines that die with what they held: processes that end by SIGKILL, and the files of their machine deleted."""

import multiprocessing
import os
import shutil
import signal

from lakeward.flows import ingest_dataset
from lakeward.flows.serving.connection import open_connection

# A child finds these functions by their module, and no module of a test can be imported by its name.
SPAWN = multiprocessing.get_context("spawn")


def query_and_die(plant):
    """Read rows, and die before the session ends."""
    connection = open_connection(plant.settings, "steward")
    connection.sql("SELECT count(*) FROM silver.press_line").fetchall()
    os.kill(os.getpid(), signal.SIGKILL)


def receive_and_die(plant, step):
    """Run the dataset, and die at this step."""

    def die(reached):
        if reached is step:
            os.kill(os.getpid(), signal.SIGKILL)

    ingest_dataset(plant.settings, "press_line", on_step=die)


def run_and_lose(plant, target, *arguments):
    """Run this in a process that dies, and lose all files of its machine."""
    process = SPAWN.Process(target=target, args=(plant, *arguments))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    shutil.rmtree(plant.root / ".lakeward" / "lakes")
