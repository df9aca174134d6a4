"""What a run says of what arrived: files of other columns, renamed columns, columns gone NULL, too many rejects, nothing at all."""

import json
from pathlib import Path

import pytest

from lakeward.core.errors import ExitCode
from lakeward.core.settings import Settings
from lakeward.flows import create_project, list_verdicts, project_status, rebuild, run_dataset
from lakeward.flows.base.workspace import open_workspace
from support.command_line import run_command

CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: urn:lakeward:press
name: press
version: 1.0.0
status: active
schema:
  - name: press
    logicalType: object
    properties:
      - {name: day, physicalName: Date, logicalType: date, customProperties: [{property: timeFormat, value: "%%d/%%m/%%Y"}]}
      - {name: co, physicalName: CO(GT), logicalType: number%s}
      - {name: no2, physicalName: NO2, logicalType: integer}
customProperties:
  - property: source
    value: {path: inbox/press, pattern: "*.csv", format: csv, delimiter: ";", decimal: ","}
"""
GOOD = "Date;CO(GT);NO2\n10/03/2004;2,6;113\n11/03/2004;2,0;92\n"


class Press:
    def __init__(self, root: Path) -> None:
        self.root, self.inbox = root, root / "inbox" / "press"

    @property
    def settings(self) -> Settings:
        return Settings(start=self.root)

    def contract(self, of_co: str = "", end: str = "") -> None:
        folder = self.root / "expectations" / "datasets" / "press"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "contract.odcs.yaml").write_text(CONTRACT % of_co + end)

    def contract_source(self, keys: str) -> None:
        """Add keys to the source of the contract."""
        path = self.root / "expectations" / "datasets" / "press" / "contract.odcs.yaml"
        path.write_text(path.read_text().replace('decimal: ","', 'decimal: ","' + keys))

    def deliver(self, text: str, name: str = "", encoding: str = "utf-8"):
        (self.inbox / (name or f"{len(list(self.inbox.iterdir()))}.csv")).write_text(text, encoding=encoding)
        return run_dataset(self.settings, "press")

    def fetch(self, query: str):
        with open_workspace(self.settings).engine() as engine:
            return [tuple(row.values()) for row in engine.fetch(query)]

    def outcomes(self):
        return {verdict.rule_id: verdict.outcome for verdict in list_verdicts(self.settings, "press")}

    def score(self):
        return project_status(self.settings)[0].score


def make_press(root: Path) -> Press:
    made = Press(create_project(root))
    made.inbox.mkdir(parents=True)
    made.contract()
    return made


def make_delivered(root: Path) -> None:
    make_press(root).deliver(GOOD)


@pytest.fixture
def press(copy_of, tmp_path: Path) -> Press:
    return Press(copy_of(make_delivered, tmp_path / "plant"))


def told(report):
    return dict(report.warnings)


def test_a_file_of_another_dialect_is_rejected_whole_and_says_what_was_found(press):
    report = press.deliver("Date,CO(GT),NO2\n13/03/2004,2.6,11\n14/03/2004,2.1,12\n")

    assert (report.counts.rows_in, report.counts.rejects, report.counts.silver) == (2, 2, 0)
    assert told(report)["file_other_columns"]["found"] == "Date,CO(GT),NO2"
    assert told(report)["file_other_columns"]["expected"] == "Date, CO(GT), NO2"
    assert told(report)["file_other_dialect"]["found"] == "delimiter: ',', decimal: '.'"
    details = press.fetch("SELECT DISTINCT reason, detail FROM rejects.press")
    assert details[0][0] == "reject_other_columns"
    assert "expected: Date, CO(GT), NO2; found: Date,CO(GT),NO2" in details[0][1]
    assert press.fetch("SELECT raw FROM rejects.press ORDER BY _row")[0] == (b"13/03/2004,2.6,11",)
    assert press.fetch("SELECT count(*) FROM silver.press") == [(2,)]


def test_a_file_of_another_encoding_says_which(press):
    press.contract(end="  - {property: limits, value: {columnsFound: 1.0}}\n")
    report = press.deliver("Date;CO(GT);二氧化氮\n13/03/2004;2,6;11\n", encoding="gb18030")
    assert next(code for code, _ in report.rejected) in ("file_rejected", "file_other_columns", "file_without_header")


@pytest.mark.sampled(1)
@pytest.mark.parametrize("text", ["13/03/2004;2,6;11\n14/03/2004;2,1;12\n", "13/03/2004,2.6,11\n14/03/2004,2.1,12\n"])
def test_a_file_without_a_header_shows_no_value_and_loses_no_record(press, text):
    report = press.deliver(text)

    assert report.counts.rejects == 2
    assert "file_without_header" in told(report)
    said = json.dumps(report.warnings) + str(press.fetch("SELECT reason, detail FROM rejects.press"))
    assert not any(value in said for value in ("13/03", "2,6", "2.6"))
    assert press.fetch("SELECT raw FROM rejects.press ORDER BY _row")[0][0].startswith(b"13/03/2004")


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("keys", "text", "said"),
    [
        (", headerRow: 4", "K2\n\nDate;CO(GT);NO2\n13/03/2004;2,6;11\n14/03/2004;2,1;12\n", "headerRow: 3"),
        (", headerRow: 4", "K2\nab\ncd\nop;Mi\nDate;CO(GT);NO2\n13/03/2004;2,6;11\n", "headerRow: 5"),
        (", headerRow: 2", "Date;CO(GT);NO2\nop;Mi;Li\n13/03/2004;2,6;11\n", ""),
        (", skipRows: 1", "Date;CO(GT);NO2\nop;Mi;Li\n13/03/2004;2,6;11\n", ""),
        (", skipRows: 3", "K2\nDate;CO(GT);NO2\nop;Mi;2,6\nMi;op;2,6\n13/03/2004;2,6;11\n", ""),
    ],
)
def test_a_record_in_place_of_the_header_is_never_shown(press, keys, text, said):
    press.contract_source(keys)
    report = press.deliver(text)

    shown = json.dumps(report.warnings) + str(press.fetch("SELECT reason, detail FROM rejects.press"))
    assert not any(value in shown for value in ("op", "Mi", "Li", "2,6", "13/03"))
    assert (report.counts.silver, bool(report.rejected)) == (0, True)
    assert said in shown


def test_a_record_in_place_of_the_header_is_not_shown_where_every_file_is_taken(press):
    press.contract(end="  - {property: limits, value: {columnsFound: 0}}\n")
    press.contract_source(", headerRow: 2")
    report = press.deliver("Date;CO(GT);NO2\nop;Mi;2,6\n13/03/2004;2,6;11\n")
    assert "file_unknown_names" in told(report)
    assert "Mi" not in json.dumps(report.warnings)


def test_the_limit_of_columns_is_the_contracts(press):
    press.contract(end="  - {property: limits, value: {columnsFound: 0.3}}\n")
    report = press.deliver("Date;a;b\n13/03/2004;2,6;11\n")
    assert (report.counts.silver, report.rejected) == (1, ())


def test_a_renamed_column_is_named_with_its_old_name_and_the_way_to_take_both(press):
    report = press.deliver("Date;CO;NO2\n13/03/2004;2,6;11\n")

    facts = told(report)["file_renamed_column"]
    assert (facts["found"], facts["expected"], facts["column"]) == ("CO", "CO(GT)", "co")
    assert told(report)["file_absent_columns"]["columns"] == "CO(GT)"
    assert told(report)["column_nulls"]["column"] == "co"
    assert (press.outcomes()["nulls:co"], press.outcomes()["nulls:no2"]) == ("FAIL", "PASS")
    assert press.score() < 100


def test_alternative_names_take_both_and_a_rebuild_finds_what_came_before(press):
    press.deliver("Date;CO;NO2\n13/03/2004;2,6;11\n")
    press.contract(', customProperties: [{property: alternativeNames, value: ["CO"]}]')

    report = press.deliver("Date;CO;NO2\n14/03/2004;2,7;11\n")
    assert (report.warnings, press.fetch("SELECT co FROM silver.press ORDER BY day DESC LIMIT 2")) == ((), [(2.7,), (None,)])

    rebuild(press.settings, "press")
    assert press.fetch("SELECT co FROM silver.press ORDER BY day") == [(2.6,), (2.0,), (2.6,), (2.7,)]


def test_a_name_of_two_columns_is_refused(press, capsys):
    press.contract(', customProperties: [{property: alternativeNames, value: ["NO2"]}]')
    result = run_command(capsys, press.root, "run", "press")
    assert (result.code, "NO2" in result.err) == (ExitCode.REFUSED, True)


def test_half_a_delivery_rejected_is_exit_1_and_no_full_score(press, capsys):
    (press.inbox / "b.csv").write_text("Date;CO(GT);NO2\n" + "13/03/2004;2,6;11\n14/03/2004;2,6\n" * 5)

    result = run_command(capsys, press.root, "run", "press")

    assert result.code == ExitCode.JUDGED_FAILED
    assert "limits.rejectedShare" in result.out
    assert "lakeward quarantine show press" in result.out
    assert press.fetch("SELECT count(*) FROM silver.press") == [(7,)]
    assert press.outcomes()["received:records"] == "FAIL"
    assert press.score() < 100
    assert press.fetch("SELECT coverage FROM governance.runs ORDER BY batch_seq DESC LIMIT 1")[0][0] == 50
    assert any(notice.code == "next_rejected" for notice in project_status(press.settings)[0].next)


@pytest.mark.exhaustive
def test_few_rejects_are_no_failure_but_cost_their_share(press):
    report = press.deliver("Date;CO(GT);NO2\n" + "13/03/2004;2,6;11\n" * 99 + "14/03/2004\n")

    assert (report.counts.rejects, report.rejected, report.failed) == (1, (), ())
    assert press.outcomes()["received:records"] == "PASS"
    assert 99 < press.score() < 100


@pytest.mark.exhaustive
def test_one_whole_file_rejected_among_good_ones_is_a_failure(press):
    (press.inbox / "b.csv").write_text("Date;CO(GT);NO2\n" + "13/03/2004;2,6;11\n" * 50)
    report = press.deliver("a;b\n1;2\n")
    assert (report.counts.silver, [code for code, _ in report.rejected]) == (50, ["file_other_columns"])


@pytest.mark.exhaustive
def test_scores_of_rejects_open_to_their_query(press):
    press.deliver("Date;CO(GT);NO2\n13/03/2004;2,6;11\n14/03/2004;2,6\n")
    for value, sql in press.fetch("SELECT score, sql FROM governance.scores WHERE score IS NOT NULL"):
        assert press.fetch(sql) == [(value,)]


@pytest.mark.sampled(1)
@pytest.mark.parametrize("text", ["", "Date;CO(GT);NO2\n", "\n\n"])
def test_an_empty_delivery_is_told_and_keeps_the_score(press, text):
    before = press.score()
    report = press.deliver(text)

    assert report.counts.rows_in == 0
    assert "file_without_records" in told(report)
    assert press.score() == before == 100
    assert any(notice.code == "next_empty" for notice in project_status(press.settings)[0].next)


def test_a_file_whose_text_reads_like_another_encoding_is_told_with_the_key(press):
    contract = press.root / "expectations" / "datasets" / "press" / "contract.odcs.yaml"
    note = "      - {name: note, physicalName: Note, logicalType: string}\n"
    contract.write_text(
        contract.read_text().replace("customProperties:\n  - property: source", f"{note}customProperties:\n  - property: source")
    )
    report = press.deliver("Date;CO(GT);NO2;Note\n13/03/2004;2,6;11;1炉\n", encoding="gb18030")

    facts = {"file": "1.csv", "dataset": "press", "expected": "utf-8", "found": "gb18030"}
    assert told(report)["file_likely_encoding"] == facts
    assert (report.counts.silver, report.rejected) == (1, ())


def test_lines_left_out_as_footer_or_comment_are_told_by_their_number(press):
    press.contract_source(', footer: Total, comment: "#"')
    report = press.deliver("# by\nDate;CO(GT);NO2\n13/03/2004;2,6;11\n#4/03/2004;2,6;11\nTotal;5,2;22\nend\n")

    assert report.counts.silver == 1
    assert told(report)["file_footer_lines"] == {"file": "1.csv", "lines": 2, "line": 5}
    assert told(report)["file_comment_lines"] == {"file": "1.csv", "lines": 1, "line": 4}
    assert report.rejected == ()
