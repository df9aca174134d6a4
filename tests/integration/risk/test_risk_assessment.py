"""The yearly risk assessment: every number opens, what telemetry can't know is a question, and nothing open is made final."""

import hashlib
import json
from dataclasses import replace
from zipfile import ZipFile

import pytest
from deltalake import DeltaTable
from docx import Document

import lakeward
from lakeward.core.errors import UsageError
from lakeward.core.messages import Lang
from lakeward.core.names import TableName
from lakeward.core.settings import Settings
from lakeward.flows import (
    Review,
    RightsDeclaration,
    RiskTreatment,
    answer_risk_question,
    assess_readiness,
    assess_risks,
    assign_risk_question,
    create_project,
    declare_rights,
    draft_from_files,
    finish_risk_assessment,
    grade_all,
    ingest_dataset,
    list_decisions,
    record_review,
    show_maturity,
    treat_risk,
    write_risk_report,
)
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.risk.record import TABLE

SAMPLE = "order_no,phone\n" + "".join(f"WO{at:04d},1990000{at:04d}\n" for at in range(30))


@pytest.fixture(scope="module")
def settings(tmp_path_factory) -> Settings:
    """Orders with phones, graded, and read once without a purpose."""
    root = tmp_path_factory.mktemp("risk")
    settings = Settings(start=create_project(root / "plant"))
    (root / "orders.csv").write_text(SAMPLE, encoding="utf-8")
    draft_from_files(settings, "orders", [root / "orders.csv"])
    ingest_dataset(settings, "orders")
    grade_all(settings)
    with lakeward.connect("steward", settings.start) as con:
        con.sql("SELECT phone FROM silver.orders").fetchall()
    return settings


def findings(found):
    return {(each.rule, each.place): each for each in found.findings}


def test_an_assessment_from_its_beginning_to_the_final_report(settings, tmp_path):
    begun = assess_risks(settings, "zhao.min", "zhao.min")

    queried = [each for each in begun.fields if each.evidence]
    assert (begun.filled, len(queried), len(begun.open_questions)) == (len(queried), 27, 11)
    assert {(each.owner, each.due is not None) for each in begun.fields if each.is_open} == {("zhao.min", True)}
    assert {each.rows for each in begun.fields if each.field in {"use", "providing", "scope"}} == {1, 0}
    assert {rule for rule, _ in findings(begun)} == {
        "no_owner",
        "no_retention",
        "no_access_review",
        "no_rights",
        "personal_without_purpose",
    }

    with pytest.raises(UsageError) as caught:
        answer_risk_question(settings, "purpose", "a\x1b", "li")
    assert caught.value.code == "text_control"
    with pytest.raises(UsageError) as caught:
        finish_risk_assessment(settings, "zhao.min")
    assert caught.value.code == "risk_not_ready"
    assert caught.value.facts["count"] == 11 + 5

    record_review(settings, Review(kind="access", subject="orders", outcome="passed", note="seen"), "chen.jie")
    again = assess_risks(settings, by="zhao.min")
    assert findings(again)["no_access_review", "orders"].state == "gone"
    check_rights(settings)
    assert again.assessment == begun.assessment

    assign_risk_question(settings, "training", "chen.jie", "2099-01-31", "zhao.min")
    for question in again.open_questions:
        answer_risk_question(settings, question, f"answer | {question}", "zhao.min")
    for number in again.open_findings:
        treat_risk(settings, RiskTreatment(finding=number, remedy="措施", residual="low", due="2099-03-31"), "li.wei")
    final = finish_risk_assessment(settings, "zhao.min")

    assert (final.open_questions, final.open_findings, final.datasets) == ((), (), ("orders",))
    assert final.final_at is not None
    assess_readiness(settings)
    (item,) = show_maturity(settings, "12.1")
    assert {each.indicator: (each.numerator, each.denominator) for each in item.indicators}["SS3"] == (1, 1)
    assert {"begun", "answered", "assigned", "found", "gone", "treated", "final"} <= {
        each.action for each in list_decisions(settings, kind="risk")
    }

    file = tmp_path / "risk.zip"
    report = write_risk_report(settings, file)
    assert (report.is_final, report.sha256) == (True, hashlib.sha256(file.read_bytes()).hexdigest())
    check_evidence(settings, file)

    with lakeward.connect("steward", settings.start) as con:
        con.sql("SELECT phone FROM silver.orders").fetchall()
    write_risk_report(settings, tmp_path / "later.zip")
    assert (tmp_path / "later.zip").read_bytes() == file.read_bytes()
    check_texts(settings, tmp_path)


def check_rights(settings):
    """An authorisation that is over counts as none; the newest declaration is the one that counts."""
    for until, state in (("2099-12-31", "gone"), ("2020-01-01", "open")):
        declare_rights(settings, "orders", RightsDeclaration(holder="h", source="own", basis="b", until=until), "li.wei")
        assert findings(assess_risks(settings, by="zhao.min"))["no_rights", "orders"].state == state


def check_evidence(settings, file):
    """Every query of the ZIP gives its rows again at its versions, and every file has its hash."""
    with ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    sums = dict(line.split("  ")[::-1] for line in members.pop("SHA256SUMS").decode().splitlines())
    assert sums == {name: hashlib.sha256(content).hexdigest() for name, content in members.items()}
    evidence = [json.loads(content) for name, content in members.items() if name.startswith("evidence/")]
    assert len(evidence) == 27
    with open_workspace(settings).engine() as engine:
        for each in evidence:
            versions = {TableName.parse(table): version for table, version in each["versions"].items()}
            rows = engine.fetch(each["sql"], at=versions)
            assert [{key: None if value is None else str(value) for key, value in row.items()} for row in rows] == each["rows"]


def check_texts(settings, folder):
    """The report in both languages and forms says what was answered."""
    write_risk_report(replace(settings, lang=Lang.ZH), folder / "r.md")
    write_risk_report(settings, folder / "r.docx")
    chinese = (folder / "r.md").read_text(encoding="utf-8")
    assert "重要数据风险评估报告" in chinese
    assert r"answer \| purpose" in chinese
    paragraphs = [each.text for each in Document(str(folder / "r.docx")).paragraphs]
    assert "answer | training" in paragraphs
    assert any(text.startswith("Report of the risk assessment") for text in paragraphs)
    older = DeltaTable(settings.start / "lake" / "governance" / TABLE)
    older.update(updates={"facts": r"replace(facts, 'answer | training', '# \u001b<script>')"})
    for name in ("older.md", "older.docx"):
        write_risk_report(settings, folder / name)
    assert "\\# \ufffd\\<script\\>\n" in (folder / "older.md").read_text(encoding="utf-8")
    assert "# \ufffd<script>" in [each.text for each in Document(str(folder / "older.docx")).paragraphs]


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda s: answer_risk_question(s, "mood", "good", "li"), "risk_question_unknown"),
        (lambda s: answer_risk_question(s, "scope", "all", "li"), "risk_question_unknown"),
        (lambda s: answer_risk_question(s, "purpose", " ", "li"), "risk_text_missing"),
        (lambda s: assign_risk_question(s, "purpose", "li", "soon", "li"), "risk_due"),
        (lambda s: assign_risk_question(s, "purpose", "li", "2020-01-31", "li"), "risk_due"),
        (lambda s: treat_risk(s, RiskTreatment(finding="R1", remedy="r", residual="tiny", due="2099-01-01"), "li"), "risk_level"),
        (lambda s: write_risk_report(s, s.start / "r.pdf"), "filing_format"),
    ],
)
def test_wrong_input_is_refused(settings, act, code):
    with pytest.raises(UsageError) as caught:
        act(settings)
    assert caught.value.code == code


def test_an_empty_lake_has_nothing_to_assess(tmp_path):
    settings = Settings(start=create_project(tmp_path / "plant"))
    with pytest.raises(UsageError) as caught:
        assess_risks(settings, by="li")
    assert caught.value.code == "risk_lake_empty"
