"""Suggestions for long telemetry: what is learned says of the next batch what the sensor rules say of it."""

from pathlib import Path

import pytest

from lakeward.core.settings import Settings
from lakeward.flows import Acceptance, accept_rules, create_project, grade_dataset, ingest_dataset, list_verdicts, suggest_rules

CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: urn:lakeward:readings
name: readings
version: 1.0.0
status: active
domain: production
description: {purpose: readings of two machines}
team: {name: plant-data, members: [{username: li.wei, role: owner}]}
schema:
  - name: readings
    logicalType: object
    properties:
      - {name: series, logicalType: string, physicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}
      - {name: ts, logicalType: timestamp, physicalType: timestamp, required: true, primaryKey: true, primaryKeyPosition: 2}
      - {name: value, logicalType: number, physicalType: double}
      - {name: value_text, logicalType: string, physicalType: string}
customProperties:
  - property: source
    value: {path: inbox/readings, pattern: "*.csv", format: csv, encoding: utf-8, timezone: Asia/Shanghai}
  - {property: timeColumn, value: ts}
  - {property: series, value: [series]}
  - {property: dataClass, value: production}
"""
SECONDS = 3600


def readings(hour: int, *, stuck: bool = False, silent: range = range(0)) -> list[str]:
    """One hour of two machines, a reading of each tag every 10 s, one of the room every 300 s."""
    lines = []
    for second in range(0, SECONDS, 10):
        at = f"2026-03-01T{hour:02d}:{second // 60:02d}:{second % 60:02d}Z"
        for machine in ("a", "b"):
            running = second % 600 < 400
            load = 50 + second % 70 / 10 if running or stuck else second % 30 / 10
            if second not in silent:
                lines += [
                    f"p/{machine}/load,{at},{load},",
                    f"p/{machine}/state,{at},{int(running)},{'run' if running else 'idle'}",
                ]
        if second % 300 == 0:
            lines.append(f"p/hall/room_degc,{at},{900 + second % 700 / 100},")
    return lines


def deliver(root: Path, hour: int, **faults: object) -> None:
    (root / "inbox" / "readings" / f"{hour:02d}.csv").write_text(
        "\n".join(["series,ts,value,value_text", *readings(hour, **faults)]) + "\n"
    )
    ingest_dataset(Settings(start=root), "readings")


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = create_project(tmp_path_factory.mktemp("long") / "plant")
    folder = root / "expectations" / "datasets" / "readings"
    folder.mkdir(parents=True)
    (root / "inbox" / "readings").mkdir(parents=True)
    (folder / "contract.odcs.yaml").write_text(CONTRACT)
    for hour in range(5):
        deliver(root, hour)
    project = root / "expectations" / "project.yaml"
    project.write_text(project.read_text() + "default_role: steward\n")
    grade_dataset(Settings(start=root), "readings")
    return root


def test_what_is_learned_of_tags_states_and_silence_judges_the_next_batch(plant: Path) -> None:
    settings = Settings(start=plant)
    found = suggest_rules(settings, "readings")
    ranges = [one.kwargs["ranges"] for one in found.proposals if one.type == "expect_series_range_by_state"]
    gaps = sorted(one.kwargs["max_gap_seconds"] for one in found.proposals if one.type == "expect_series_no_gap")
    accept_rules(settings, "readings", Acceptance(("all",), "as the plant runs"))
    deliver(plant, 5, stuck=True, silent=range(600, 700))
    failed = {v.expectation: v.failed for v in list_verdicts(settings, "readings") if v.outcome == "FAIL"}

    assert [set(one) for one in ranges] == [{"run", "idle"}]
    assert gaps[0] == 15
    assert failed["expect_series_range_by_state"] == 2 * 120
    assert failed["expect_series_no_gap"] == 2 * 2
