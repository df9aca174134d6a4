"""Every command that reads stored values: its role, its entry in the access log, and what it shows of values that the role may not see."""

import json

import pytest

from lakeward import connect
from lakeward.cli.app import COMMANDS, GROUPS
from lakeward.core.errors import LakewardError
from lakeward.core.settings import Settings
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.serving.value_commands import VALUE_COMMANDS
from support.canary_lake import CANARIES, NAME, SUITE, canaries_in
from support.command_line import run_command

PHONE, CLEAR = CANARIES["phone"], f"silver.{NAME}"
# Command -> words that try to read a phone number, and whether the role must refuse them.
READS: dict[str, tuple[list[str], int]] = {
    "query": (["query", f"SELECT * FROM {CLEAR}"], 0),
    "check TABLE": (["check", CLEAR, "--suite", "{suite}"], 1),
    "explain": (["explain", CLEAR, f"phone={PHONE[0]}"], 3),
    "suggest": (["suggest", NAME], 0),
    "anonymity": (["anonymity", CLEAR, "--quasi", "machine", "--person", "phone"], 3),
    "quarantine show --values": (["quarantine", "show", NAME, "--values"], 0),
    "quarantine repair --dry-run": (
        ["quarantine", "repair", NAME, "--where", "visit LIKE 'V%'", "--set", "minutes = '50'", "--dry-run"],
        0,
    ),
    "quarantine --where, --set, --value": (
        [
            "quarantine",
            "repair",
            NAME,
            "--where",
            f"phone = '{PHONE[5]}'",
            "--set",
            "minutes = '1'",
            "--by",
            "li.wei",
            "--reason",
            "x",
        ],
        3,
    ),
}
# Command -> the same of those that take no role and show no value.
COUNTS = {
    "quarantine show": [["quarantine", "show", NAME], ["quarantine", "show", NAME, "--row", "1:7"], ["quarantine", "list"]],
    "verdicts": [["verdicts", NAME]],
    "score --open": [["score", NAME, "--open"], ["score", "--history", "--open"]],
    "scorecard": [["scorecard", "build"]],
    "grade": [["grade", "list", NAME], ["grade", "run"]],
}
# Tried by tests of their own.
ELSEWHERE = {"lakeward.connect", "new, check FILE", "flows.decrypt_values", "export", "trace", "portal", "cube release", "serve"}
# Commands that read no stored value at all: names, counts and states.
NO_VALUES = {
    *("demo", "init", "run", "rebuild", "status", "tables", "assess", "maintain", "doctor", "completion", "contract", "lineage"),
    *("maturity", "spark", "account", "policy", "access", "purpose", "key", "history", "collect", "catalogue", "cost", "airflow", "incident"),
    *("asset", "risk", "subscribe", "notice", "backup", "restore", "migrate"),
}  # fmt: skip


def entries(settings: Settings) -> list[dict[str, object]]:
    with open_workspace(settings).engine() as engine:
        return [dict(row) for row in governance.read_rows(engine, "access_log", order="asked_at")]


@pytest.fixture
def suite_file(tmp_path):
    guess = {"type": "expect_column_values_to_not_be_in_set", "kwargs": {"column": "phone", "value_set": PHONE[:3]}}
    file = tmp_path / "suite.json"
    file.write_text(json.dumps({"name": "guess", "expectations": [*SUITE["expectations"], guess]}))
    return str(file)


def test_the_table_holds_every_command_that_reads_values():
    listed = {one.command for one in VALUE_COMMANDS}
    assert listed == {*READS, *COUNTS, *ELSEWHERE}
    named = {word for one in listed for part in one.split(",") for word in part.split()[:1]}
    assert {*COMMANDS, *GROUPS} - NO_VALUES - named == set()


@pytest.mark.sampled(2)
@pytest.mark.parametrize("command", READS)
def test_a_read_takes_a_role_and_is_logged_and_shows_no_hidden_value(command, canary_lake_copy, suite_file, capsys):
    words, code = READS[command]
    words = [word.format(suite=suite_file) for word in words]

    refused = run_command(capsys, canary_lake_copy.start, *words)
    assert (refused.code, "role" in refused.err) == (2, True)
    before = len(entries(canary_lake_copy))
    answer = run_command(capsys, canary_lake_copy.start, *words, "--as", "analyst")

    assert answer.code == code
    shown = answer.out + answer.err
    asked = [value for value in canaries_in(shown) if value not in " ".join(words)]
    assert asked == []
    (entry,) = entries(canary_lake_copy)[before:]
    assert (entry["role"], entry["verdict"]) == ("analyst", "failed" if code == 3 else "allowed")
    assert NAME in str(entry["objects"])
    assert canaries_in(str(entry)) == []


@pytest.mark.sampled(2)
@pytest.mark.parametrize("command", READS)
def test_who_may_see_the_values_reads_them(command, canary_lake_copy, suite_file, capsys):
    words, code = READS[command]
    words = [word.format(suite=suite_file) for word in words]

    answer = run_command(capsys, canary_lake_copy.start, *words, "--as", "steward")

    assert answer.code == (code if code == 1 else 0), answer.err
    assert canaries_in(answer.out, ("formula",)) == []
    assert entries(canary_lake_copy)[-1]["role"] == "steward"


def test_a_read_that_its_quota_refuses_is_one_entry(canary_lake_copy, capsys):
    with (canary_lake_copy.start / "expectations" / "project.yaml").open("a", encoding="utf-8") as file:
        file.write("quotas: {rows_per_day: 1}\n")
    words = ["explain", CLEAR, "machine=M1", "--as", "steward"]
    before = len(entries(canary_lake_copy))

    answer = run_command(capsys, canary_lake_copy.start, *words)

    assert (answer.code, "rows" in answer.err) == (3, True)
    (entry,) = entries(canary_lake_copy)[before:]
    assert (entry["verdict"], entry["code"], entry["rows_out"]) == ("refused", "quota_exceeded", 0)


def test_a_look_into_quarantine_is_in_the_entry(canary_lake_copy, capsys):
    run_command(capsys, canary_lake_copy.start, "explain", CLEAR, "visit=nowhere", "--as", "steward")

    assert json.loads(entries(canary_lake_copy)[-1]["objects"]) == [f"quarantine.{NAME}", CLEAR]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("command", COUNTS)
def test_counts_take_no_role_and_show_no_value(command, canary_lake, capsys):
    for words in COUNTS[command]:
        answer = run_command(capsys, canary_lake.start, *words)
        assert answer.code == 0, answer.err
        assert canaries_in(answer.out + answer.err) == []
    page = canary_lake.start / "scorecard"
    assert canaries_in("".join(file.read_text() for file in page.glob("*"))) == []


def test_notebooks_read_as_the_command_line_does(canary_lake_copy):
    before = len(entries(canary_lake_copy))
    with connect("analyst", canary_lake_copy.start) as con:
        assert canaries_in(str(con.sql(f"FROM {CLEAR}").fetchall())) == []
        assert "phone" in con.sql(f"FROM {CLEAR}").columns
    assert [(row["role"], row["verdict"]) for row in entries(canary_lake_copy)[before:]] == [("analyst", "allowed")]
    with pytest.raises(LakewardError, match="role"):
        connect(None, canary_lake_copy.start)


def test_a_repair_is_shown_without_the_texts_in_it(canary_lake_copy, capsys):
    start = canary_lake_copy.start
    words = ["repair", NAME, "--row", "1:7", "--set", f"machine = 'M9{PHONE[0]}'", "--by", "li.wei", "--reason", "x"]
    assert run_command(capsys, start, "quarantine", *words, "--as", "steward").code == 0

    for shown in (["quarantine", "show", NAME, "--row", "1:7"], ["quarantine", "show", NAME, "--row", "1:7", "--json"]):
        answer = run_command(capsys, start, *shown)
        assert "machine = '…'" in answer.out
        assert canaries_in(answer.out) == []


@pytest.mark.sampled(1)
@pytest.mark.parametrize("new", [("--value", "phone=13800138000"), ("--set", "phone = '13800138000'")])
@pytest.mark.parametrize("ending", [("--dry-run",), ("--by", "li.wei", "--reason", "x")])
def test_a_value_of_the_callers_own_comes_back_in_no_protected_form(canary_lake_copy, capsys, new, ending):
    words = ["quarantine", "repair", NAME, "--row", "1:7", *new, *ending]

    answer = run_command(capsys, canary_lake_copy.start, *words, "--as", "analyst")

    assert (answer.code, answer.out) == (3, "")
    assert "Roles that see it:" in answer.err
    assert "steward" in answer.err
    assert run_command(capsys, canary_lake_copy.start, *words).code == 2
    assert run_command(capsys, canary_lake_copy.start, *words, "--as", "steward").code == 0
