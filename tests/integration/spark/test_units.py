"""Readings in several units come out the same through both engines: values, units, what is kept and counted, what is no value."""

import pytest

from lakeward.core.settings import Settings
from lakeward.flows import run_dataset
from lakeward.flows.authoring.project import create_project
from support.engine_comparison import two_lakes

pytestmark = [pytest.mark.spark, pytest.mark.exhaustive, pytest.mark.timeout(1800)]

CONTRACT = """apiVersion: v3.2.0
kind: DataContract
id: urn:lakeward:press
name: press
version: 1.0.0
status: active
schema:
  - name: press
    logicalType: object
    properties:
      - {name: id, logicalType: integer, required: true, primaryKey: true, primaryKeyPosition: 1}
      - {name: value, logicalType: number, customProperties: [{property: units, value: [Cel, bar, m/s, kOhm]}, {property: unitColumn, value: unit}]}
      - {name: unit, logicalType: string}
customProperties:
  - {property: source, value: {path: inbox/press, pattern: "*.csv", format: csv}}
"""
SPELLED = [
    "[degF]",
    "degF ",
    "\t°F",
    "\u00a0DEGF\u3000",
    "°f",
    "deg F",
    "kPa",
    "KPA",
    "MPA",
    "Mpa",
    "千帕",
    "mm / s",
    "mm s^-1",
    "mm·s-1",
    "Ω",
    "KOHM",
    "C",
]
KEPT = ["psig", "mPa", "mpa", "F", "furlong", "mm"]
LOST = [("1e308", "MPa"), ("-1e308", "MPA")]


def make_press(root):
    create_project(root)
    folder = root / "expectations" / "datasets" / "press"
    folder.mkdir(parents=True)
    (folder / "contract.odcs.yaml").write_text(CONTRACT, encoding="utf-8")
    rows = [*(("32", text) for text in [*SPELLED, *KEPT, ""]), *LOST]
    file = root / "inbox" / "press" / "a.csv"
    file.parent.mkdir(parents=True)
    file.write_text(
        "id,value,unit\n" + "".join(f'{at},{value},"{text}"\n' for at, (value, text) in enumerate(rows)), encoding="utf-8"
    )
    return Settings.load(root)


def test_units_come_out_the_same(tmp_path):
    lakes = two_lakes(tmp_path, make_press)
    reports = lakes.both(lambda settings: run_dataset(settings, "press"))

    for report in reports:
        assert (report.counts.silver, report.counts.quarantine) == (len(SPELLED) + len(KEPT) + 1, len(LOST))
        assert [facts["readings"] for code, facts in report.warnings if code == "readings_other_units"] == [len(KEPT)]
    assert lakes.differences() == {}
