"""Columns that are called as queries call their own items: they are read, judged and stored as under any other name."""

import json
import re
from pathlib import Path

import pytest

import lakeward
from lakeward.core.settings import Settings
from lakeward.flows import (
    Selection,
    Signature,
    check_data,
    create_project,
    explain_row,
    grade_all,
    list_verdicts,
    rebuild,
    replay_rows,
    run_dataset,
    show_quarantine,
    suggest_rules,
)
from lakeward.flows.base.workspace import open_workspace
from support.gx_cases import CASES

# Columns by kind, as the cases of expectations call them.
KINDS = {
    "x": "number",
    "y": "number",
    "n": "integer",
    "m": "integer",
    "s": "string",
    "u": "string",
    "c": "string",
    "d": "number",
    "t": "timestamp",
    "k": "date",
    "b": "boolean",
}
FORMS = {
    "number": lambda at, row: f"{(at * 7 + row * 3) % 11}.5",
    "integer": lambda at, row: str((at + row) % 5),
    "string": lambda at, row: f"v{(at + row) % 4}",
    "timestamp": lambda at, row: f"2026-03-01T08:{row % 60:02d}:{at % 60:02d}Z",
    "date": lambda at, row: f"2026-03-{(at + row) % 28 + 1:02d}",
    "boolean": lambda at, row: "true" if (at + row) % 2 else "false",
}
# Arguments of expectations that name columns.
COLUMN_KEYS = ("column", "column_A", "column_B", "column_list")
# Names that grouped, joined or counted something of their own.
TRAPS = [
    "own",
    "copies",
    "part",
    "before",
    "batch",
    "top",
    "ranked",
    "hit",
    "hits",
    "rws",
    "judged",
    "typed",
    "keyed",
    "place",
    "key",
    "us",
    "number",
    "side",
    "fresh",
    "raw",
    "fault",
    "file",
    "seq",
    "n",
    "line",
    "text",
    "f",
    "reason",
    "detail",
    "message",
    "is_whole",
    "value",
    "series",
    "readings",
    "held",
    "track",
    "last_ts",
    "count",
    "row_number",
    "s",
    "g",
    "r",
]
CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: urn:lakeward:{dataset}
name: {dataset}
version: 1.0.0
status: active
schema:
  - name: {dataset}
    logicalType: object
    properties:
      - {{name: row_key, logicalType: string, required: true, primaryKey: true}}
      - {{name: happened, logicalType: timestamp, required: true}}
{columns}
customProperties:
  - property: source
    value: {{format: {form}, timezone: UTC}}
  - {{property: timeColumn, value: happened}}
  - {{property: series, value: [{series}]}}
  - {{property: dataClass, value: production}}
  - {{property: limits, value: {{replacedShare: 1.0}}}}
"""
SERIES_RULES = [
    ("series_no_gap", {"max_gap_seconds": 1}),
    ("series_not_flat", {"column": "x", "max_flat_seconds": 1}),
    ("series_rate_of_change_between", {"column": "x", "max_value": 0.01}),
    ("series_no_duplicate_timestamps", {}),
    ("series_timestamps_in_order", {}),
]


def names_of_queries() -> list[str]:
    """Names that queries of the package give to their own columns, tables and parameters."""
    found: set[str] = set()
    for file in Path(lakeward.__file__).parent.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        found |= set(re.findall(r"\bAS ([a-z][a-z_0-9]*)\b", text)) | set(re.findall(r"[^=] lambda ([a-z][a-z_]*):", text))
        found |= set(re.findall(r'"([a-z][a-z_0-9]*)": f?"', text)) if "quality" in file.parts else set()
    return sorted(found)


class Plant:
    """The same rows in two datasets: under plain names, and under names of queries."""

    def __init__(self, root: Path, names: list[str], form: str) -> None:
        self.root, self.form = create_project(root), form
        self.names = {"plain": [f"column_{at}" for at in range(len(names))], "named": names}
        self.kinds = [list(KINDS.values())[at % len(KINDS)] for at in range(len(names))]
        for dataset, columns in self.names.items():
            folder = self.root / "expectations" / "datasets" / dataset
            folder.mkdir(parents=True)
            listed = zip(columns, self.kinds, strict=True)
            text = "\n".join(f"      - {{name: {name}, logicalType: {kind}}}" for name, kind in listed)
            series = columns[list(KINDS).index("s")]
            contract = CONTRACT.format(dataset=dataset, columns=text, series=series, form=form)
            (folder / "contract.odcs.yaml").write_text(contract)
            (folder / "suite.json").write_text(json.dumps(self._suite(columns)))

    @property
    def settings(self) -> Settings:
        return Settings(start=self.root)

    def _suite(self, columns: list[str]) -> dict:
        """Each kind of expectation once, over the columns by their letters."""
        names = dict(zip(KINDS, columns, strict=False))
        rules = {type_: kwargs for type_, kwargs in [*CASES, *SERIES_RULES] if _letters(kwargs) <= set(names)}
        found = [
            {
                "type": f"expect_{type_}",
                "kwargs": _renamed(kwargs, names),
                "meta": {"lakeward": {"id": f"r{at}", "severity": "warn"}},
            }
            for at, (type_, kwargs) in enumerate(rules.items())
        ]
        aside = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": names["n"]}}
        found.append(aside | {"meta": {"lakeward": {"id": "rule_aside", "severity": "quarantine"}}})
        return {"name": "rules", "expectations": found, "meta": {"great_expectations_version": "1.24.1"}}

    def drop(self, file: str, rows: range, shift: int = 0) -> None:
        """The rows as a file of each dataset; what is shifted has other values."""
        for dataset, columns in self.names.items():
            header = ["row_key", "happened", *columns]
            lines = [[f"k{row % 9}", f"2026-03-01T08:00:{row:02d}Z", *self._values(row + shift)] for row in rows]
            folder = self.root / "inbox" / dataset
            folder.mkdir(parents=True, exist_ok=True)
            if self.form == "csv":
                text = [",".join(line) for line in [header, *lines]]
            else:
                text = [json.dumps(dict(zip(header, line, strict=True))) for line in lines]
            (folder / f"{file}.{self.form}").write_text("\n".join(text) + "\n")

    def _values(self, row: int) -> list[str]:
        made = [FORMS[kind](at, row) for at, kind in enumerate(self.kinds)]
        return [*made[:2], "" if row == 5 else made[2], *made[3:]]

    def fetch(self, layer: str, dataset: str) -> list[tuple]:
        with open_workspace(self.settings).engine() as engine:
            own = ", ".join(f'"{name}"' for name in ("row_key", "happened", *self.names[dataset]))
            return [tuple(row.values()) for row in engine.fetch(f"SELECT {own} FROM {layer}.{dataset} ORDER BY _file_seq, _row")]

    def both(self, flow) -> None:
        """What a flow says of the two datasets is the same but for names."""
        plain, named = (json.dumps(flow(dataset), default=_plain) for dataset in self.names)
        for own, other in zip(self.names["plain"], self.names["named"], strict=True):
            plain = re.sub(rf"\b{own}\b", other, plain)
        assert json.loads(plain.replace("plain", "named")) == json.loads(named)


def _plain(value):
    return value.as_dict() if hasattr(value, "as_dict") else str(value)


def _letters(kwargs: dict) -> set[str]:
    return {
        name for key, value in kwargs.items() if key in COLUMN_KEYS for name in ([value] if isinstance(value, str) else value)
    }


def _renamed(kwargs: dict, names: dict) -> dict:
    def name(value):
        return names[value] if isinstance(value, str) else [names[each] for each in value]

    return {key: name(value) if key in COLUMN_KEYS else value for key, value in kwargs.items()}


def _outcomes(settings, dataset):
    found = list_verdicts(settings, dataset, all_batches=True)
    return sorted(f"{one.batch_seq} {one.rule_id.partition(':')[0]} {one.outcome} {one.evaluated} {one.failed}" for one in found)


def _live_through(plant: Plant) -> None:
    """Two deliveries with duplicates, corrections and rows aside."""
    settings = plant.settings
    plant.drop("a", range(12))
    plant.both(lambda dataset: run_dataset(settings, dataset).counts)
    plant.drop("b", range(6, 20), shift=1)
    plant.both(lambda dataset: run_dataset(settings, dataset).counts)
    for layer in ("bronze", "silver", "quarantine"):
        assert plant.fetch(layer, "named") == plant.fetch(layer, "plain")
    assert plant.fetch("silver", "named")
    assert plant.fetch("quarantine", "named")
    plant.both(lambda dataset: _outcomes(settings, dataset))


def _bring_back(plant: Plant) -> None:
    """What stands aside is shown, judged again and made again."""
    settings, by = plant.settings, Signature("li.wei", None, "tried again")
    plant.both(lambda dataset: [row.reasons for row in show_quarantine(settings, dataset, 100)])
    plant.both(lambda dataset: replay_rows(settings, dataset, Selection(where="TRUE"), by).counts)
    plant.both(lambda dataset: rebuild(settings, dataset).counts)
    assert plant.fetch("silver", "named") == plant.fetch("silver", "plain")


def test_columns_with_names_of_queries_keep_their_values(tmp_path):
    _live_through(Plant(tmp_path / "plant", TRAPS, "csv"))


@pytest.mark.exhaustive
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_columns_with_any_name_of_a_query_keep_their_values(tmp_path, form):
    plant = Plant(tmp_path / "plant", names_of_queries(), form)
    _live_through(plant)
    _bring_back(plant)
    settings = plant.settings
    grade_all(settings)
    plant.both(lambda dataset: suggest_rules(settings, dataset, "steward"))
    plant.both(lambda dataset: [row.row_rules for row in explain_row(settings, f"silver.{dataset}", "row_key=k1", "steward")])
    suites = {dataset: plant._suite(names) for dataset, names in plant.names.items()}
    files = {dataset: plant.root / "inbox" / dataset / f"a.{form}" for dataset in plant.names}
    plant.both(lambda dataset: check_data(files[dataset], suites[dataset], settings)["statistics"])
