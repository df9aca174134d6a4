"""When a dataset is late: drafted from what its files cover, and a default of the project where the contract says nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from lakeward.contracts.load import load_contract
from lakeward.contracts.project import load_project
from lakeward.core.settings import Settings
from lakeward.flows import create_project, draft_from_files
from lakeward.flows.base.freshness import is_late
from support.plant import make_plant

DAY = 86_400
START = datetime(2026, 3, 1, tzinfo=UTC)
RUN = {"finished_at": START}


def readings(first: datetime, hours: int, *, step: int = 1) -> str:
    lines = [f"{(first + timedelta(hours=n)).isoformat()},{20 + n % 7}.5" for n in range(0, hours + 1, step)]
    return "\n".join(["time,temp", *lines]) + "\n"


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("files", "days", "evidence"),
    [
        ({"a.csv": readings(START, 24)}, 2, "one file covers 1.0 days"),
        ({"a.csv": readings(START, 6)}, 1, "one file covers 6.0 hours"),
        ({f"{n}.csv": readings(START + timedelta(days=7 * n), 24 * 7 - 1) for n in range(4)}, 14, "4 files cover 28.0 days"),
        ({"a.csv": readings(START, 24 * 90, step=24)}, 7, "nothing in the sample tells"),
        ({"a.csv": "name,colour\nA,red\nB,blue\nC,red\n"}, 7, "nothing in the sample tells"),
    ],
    ids=["a day", "a shift", "four weeks", "an extract", "no times"],
)
def test_a_draft_says_when_the_dataset_is_late_and_why(tmp_path, files, days, evidence):
    root = create_project(tmp_path / "plant")
    samples = tmp_path / "samples"
    samples.mkdir()
    for name, text in files.items():
        (samples / name).write_text(text)
    drafted = draft_from_files(Settings(start=root), "readings", [samples]).folder / "contract.odcs.yaml"

    assert load_contract(drafted, "contract", (root,)).sla.freshness_seconds == days * DAY
    (line,) = [line for line in drafted.read_text().splitlines() if "latency" in line]
    assert "# CHECK: late when nothing came for so long" in line
    assert evidence in line


@pytest.mark.parametrize(
    ("sla", "own_days", "days", "expected"),
    [
        ("", 7, 6.9, False),
        ("", 7, 7.1, True),
        ("", 2, 2.1, True),
        ("slaProperties:\n  - {property: latency, value: 30, unit: d}\n", 7, 29, False),
        ("slaProperties:\n  - {property: latency, value: 1, unit: h}\n", 7, 0.1, True),
    ],
)
def test_a_contract_without_a_latency_takes_that_of_the_project(tmp_path, sla, own_days, days, expected):
    plant = make_plant(tmp_path / "plant")
    contract, file = plant.root / "expectations/datasets/press_line/contract.odcs.yaml", plant.root / "expectations/project.yaml"
    contract.write_text(contract.read_text() + sla)
    if own_days != 7:
        file.write_text(file.read_text() + f"latency_days: {own_days}\n")
    project = load_project(plant.root)

    assert is_late(project.contract("press_line"), project, RUN, START + timedelta(days=days)) is expected
    assert is_late(project.contract("press_line"), project, None, START) is None
