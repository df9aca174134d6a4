"""A thousand nodes that change once a second, over a link that is cut for 3 s, for 15 s, and for longer than the queue holds."""

import os
import time

import pytest

from integration.streams.test_opcua import Plant
from lakeward.flows import run_dataset
from lakeward.sources.collectors.opcua.kept_gaps import KeptGaps
from support.http_door import opened
from support.opcua_plant import CONTRACT, NodeServer, mapping

pytest.importorskip("asyncua", reason="asyncua is missing: pip install asyncua")
pytestmark = [pytest.mark.exhaustive, pytest.mark.timeout(900)]
TAGS, QUEUE = 1000, 20
# Seconds between two samples of the server: of two values within them it reports one.
SAMPLING = 0.25
# Seconds of each cut; the last is longer than the queue. And seconds with the link before and behind each.
CUTS, BETWEEN = (3, 15, 40), 12


class SecondByPlant(Plant):
    """Ticks once a second, however long a tick takes, but never twice within what the server samples."""

    def tick(self, count, seconds=1.0):
        for _ in range(count):
            due = time.monotonic() + seconds
            super().tick(1, 0)
            time.sleep(max(2 * SAMPLING, due - time.monotonic()))


def wait_until_closed(gaps, seconds=300):
    """Until the collector has read all that was missing."""
    deadline = time.monotonic() + seconds
    while gaps.read():
        assert time.monotonic() < deadline
        time.sleep(1)


def test_no_value_is_missing_after_the_history_was_read(tmp_path, record_property):
    server = NodeServer(tmp_path / "server", TAGS)
    contract = CONTRACT.replace("samplingMs: 50", "samplingMs: 250").replace(
        "publishingMs: 200", f"publishingMs: 1000\n      queueSize: {QUEUE}"
    )
    plant = SecondByPlant(tmp_path / "plant", server, contract=contract, lines=mapping(TAGS))
    used = time.process_time()
    try:
        with opened(plant.settings, "line"):
            plant.wait("source_connected")
            plant.tick(BETWEEN)
            for seconds in CUTS:
                plant.link.cut()
                plant.tick(seconds)
                plant.link.mend()
                plant.wait("source_connected", 120)
                plant.tick(BETWEEN)
            time.sleep(5)
            wait_until_closed(KeptGaps(plant.plant.root / "lake" / "landing" / "line"))
    finally:
        plant.link.close()
        server.stop()
    used = time.process_time() - used
    while (report := run_dataset(plant.settings, "line")).batches:
        assert report.counts.rejects == report.counts.quarantine == 0
    number = f"CAST(value AS BIGINT) // 10000 - {plant.base}"
    [found] = plant.plant.fetch(
        f"""SELECT count(DISTINCT (series, {number})) AS different, count(*) AS rows, count(*) FILTER (recovered) AS recovered,
            count(*) FILTER ((status & 1152) = 1152) AS overflows FROM silver.line WHERE value >= {plant.base * 10000}"""
    )
    record_property("figures", {**found, "ticks": plant.number, "cpu_seconds": round(used, 1), "load": os.getloadavg()[0]})
    assert (found["different"], found["rows"]) == (TAGS * plant.number, TAGS * plant.number)
    assert found["overflows"] > 0
    assert found["recovered"] >= TAGS * (CUTS[-1] - QUEUE - 2)
    assert {"source_lost", "source_gap_repaired", "source_overflow"} <= set(plant.kinds())
