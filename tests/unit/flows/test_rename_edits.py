"""Edits of texts when a dataset is renamed: what names it changes, what only looks like its name stays, and so do comments."""

import re
from pathlib import PurePosixPath

import pytest

from lakeward.contracts.load import parse_contract
from lakeward.flows.authoring.rename_edits import NameEdit
from support.plant import CONTRACT

EDIT = NameEdit("press_line", "press_a")
POLICY = PurePosixPath("expectations/policies/any.yaml")
TEXT = CONTRACT.format(version="1.0.0", columns="")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("SELECT ts FROM silver.press_line", "SELECT ts FROM silver.press_a"),
        ("SELECT press_line.ts FROM silver.press_line", "SELECT press_a.ts FROM silver.press_a"),
        ("SELECT press_line.ts FROM silver.press_line AS press_line", "SELECT press_line.ts FROM silver.press_a AS press_line"),
        ('SELECT p.ts FROM "silver"."press_line" p', 'SELECT p.ts FROM "silver"."press_a" p'),
        ("SELECT press_line FROM silver.press_line_2", "SELECT press_line FROM silver.press_line_2"),
        ("SELECT 'press_line' AS line FROM gold.other", "SELECT 'press_line' AS line FROM gold.other"),
    ],
)
def test_sql(before, after):
    assert EDIT.sql(before) == after
    assert EDIT.sql(after) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("columns: [silver.press_line.ts, silver.press_line_2.ts]", "columns: [silver.press_a.ts, silver.press_line_2.ts]"),
        ("t: {column: press_line.caller}  # of press_line", "t: {column: press_a.caller}  # of press_line"),
        ('datasets: {"press_line": {weight: 2}, other: {}}', 'datasets: {"press_a": {weight: 2}, other: {}}'),
        (
            "x:\n  datasets:\n    press_line:\n      rules: {press_line: 1}\n",
            "x:\n  datasets:\n    press_a:\n      rules: {press_line: 1}\n",
        ),
        ("x: {supersedes: [press_line]}", "x: {supersedes: [press_a]}"),
        ("name: press_line", "name: press_line"),
        ("categories: [press_line.phone]", "categories: [press_line.phone]"),
        ("press_line.phone: {floor: 3}", "press_line.phone: {floor: 3}"),
        ("x: {category: press_line.phone}", "x: {category: press_line.phone}"),
        ("why: press_line stopped", "why: press_line stopped"),
        ("broken: [press_line", "broken: [press_line"),
    ],
)
def test_a_policy(before, after):
    assert EDIT.text(POLICY, before) == after


def test_the_own_contract_gets_the_name_and_keeps_all_else():
    changed = EDIT.contract(TEXT)
    assert parse_contract(changed, "contract.odcs.yaml").name == "press_a"
    assert "id: urn:lakeward:press_line" in changed  # an id never changes
    differing = [line for line in TEXT.splitlines() if line not in changed.splitlines()]
    assert differing == ["name: press_line", "  - name: press_line"]
    assert EDIT.contract(changed) == changed


FLOW = TEXT.replace("path: inbox/press_line, ", "")
BLOCK = re.sub(
    r"    value: \{path.*",
    "    value:\n      pattern: '*.csv'\n      format: csv\n      encoding: utf-8\n      timezone: Asia/Shanghai",
    TEXT,
)


@pytest.mark.parametrize("text", [FLOW, BLOCK])
def test_a_drop_folder_that_followed_from_the_name_stays(text):
    before, after = (parse_contract(each, "contract.odcs.yaml") for each in (text, EDIT.contract(text)))
    assert (before.source.path, after.source.path) == (PurePosixPath("inbox/press_line"),) * 2
    assert after.name == "press_a"


@pytest.mark.parametrize(("kind", "ids"), [("mqtt", ["clientId"]), ("sparkplug", ["clientId", "hostId"])])
def test_ids_under_which_a_broker_knows_the_dataset_stay(kind, ids):
    text = re.sub(r"    value: \{path.*", f"    value: {{kind: {kind}, connection: broker}}", TEXT)
    changed = EDIT.contract(text)
    assert all(f"{each}: lakeward-press_line" in changed for each in ids)
    assert EDIT.contract(changed) == changed
    assert "path:" not in changed


def test_files_that_are_published_with_lakeward_name_no_dataset(tmp_path):
    for folder in ("catalogues", "governance", "policies"):
        (tmp_path / "expectations" / folder).mkdir(parents=True)
        (tmp_path / "expectations" / folder / "any.yaml").write_text("tables: [silver.press_line]\n", encoding="utf-8")
    assert [str(each.file) for each in EDIT.edits(tmp_path)] == ["expectations/policies/any.yaml"]
