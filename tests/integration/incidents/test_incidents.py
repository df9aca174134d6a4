"""Incidents: the scope comes from the access log over derived columns, what the log does not say is unknown, and the report leaves nothing out."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from deltalake import DeltaTable
from docx import Document

import lakeward
from lakeward.core.errors import UsageError
from lakeward.flows import (
    IncidentDraft,
    close_incident,
    grade_all,
    ingest_dataset,
    list_decisions,
    list_incidents,
    open_incident,
    scope_incident,
    seal_logs,
    show_quarantine,
    state_incident_facts,
    verify_logs,
    write_incident_report,
)
from lakeward.flows.incidents.rules import incident_rules
from support.gold_plant import make_day
from support.plant import csv_line

DRAFT = IncidentDraft(title="导出文件 | 外发", columns=("silver.press_line.temp_degc",), since="2026-01-01T00:00")
STATED = {"cause": "误发", "measures": "撤回", "improvement": "培训", "lessons": "双人复核"}


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """A day of a plant whose gold table was read, and then a column of silver that is not affected."""
    root = tmp_path_factory.mktemp("plant") / "plant"
    plant = make_day(root)
    grade_all(plant.settings)
    with lakeward.connect("steward", root) as con:
        for query in ("SELECT mean_temp FROM gold.temp_hourly", "SELECT machine FROM silver.press_line"):
            con.sql(query).fetchall()
    return plant.settings


def test_a_read_of_what_is_derived_is_in_the_scope(settings):
    number = open_incident(settings, DRAFT, "li").incident
    found = scope_incident(settings, number, "li")
    origins = {each.column: each.origin for each in found.columns}
    assert origins == {
        "silver.press_line.temp_degc": "silver.press_line.temp_degc",
        "gold.temp_hourly.mean_temp": "silver.press_line.temp_degc",
    }
    (read,) = found.exposures
    assert (read.column, read.role, read.shown_as, read.reads, read.rows) == (
        "gold.temp_hourly.mean_temp",
        "steward",
        "clear",
        1,
        2,
    )
    assert read.versions[0] == read.versions[1] >= 0
    assert (found.unknown_reads, found.refused) == (0, 0)


def test_only_reads_in_the_time_of_the_incident_count(settings):
    number = open_incident(settings, replace(DRAFT, until="2026-01-02T00:00"), "li").incident
    assert scope_incident(settings, number, "li").exposures == ()


def test_a_read_without_versions_is_unknown_and_never_left_out(settings, tmp_path):
    lake = tmp_path / "lake"
    own = replace(settings, lake=str(lake))
    shutil.copytree(settings.start / "lake", lake)
    DeltaTable(lake / "governance" / "access_log").update(updates={"versions": "NULL"})
    number = open_incident(own, DRAFT, "li").incident
    found = scope_incident(own, number, "li")
    assert (found.exposures, found.unknown_reads, len(found.unknown_readers)) == ((), 2, 1)
    write_incident_report(own, number, tmp_path / "report.md")
    assert "另有 2 次读取的列或版本未记录" in (tmp_path / "report.md").read_text()


def test_control_characters_are_refused_and_those_of_older_records_are_shown_as_a_sign(settings, tmp_path):
    own = replace(settings, lake=str(tmp_path / "lake"))
    shutil.copytree(settings.start / "lake", tmp_path / "lake")
    for act in (
        lambda: open_incident(own, replace(DRAFT, title="a\x1b[2J"), "li"),
        lambda: open_incident(own, DRAFT, "li\x00"),
    ):
        with pytest.raises(UsageError) as caught:
            act()
        assert caught.value.code == "text_control"
    number = open_incident(own, replace(DRAFT, title="<b>外发"), "li").incident
    DeltaTable(tmp_path / "lake" / "governance" / "incidents").update(updates={"facts": r"replace(facts, '外发', '\u001b')"})
    for name in ("r.md", "r.docx"):
        write_incident_report(own, number, tmp_path / name)
    assert "\\<b\\>\ufffd |" in (tmp_path / "r.md").read_text()
    assert Document(str(tmp_path / "r.docx")).tables[0].cell(0, 1).text == "<b>\ufffd"


def test_an_incident_is_closed_when_all_is_known_and_its_steps_are_sealed(settings, tmp_path):
    number = open_incident(settings, DRAFT, "li").incident
    with pytest.raises(UsageError) as refused:
        close_incident(settings, number, "li")
    assert (refused.value.code, refused.value.facts["missing"]) == (
        "incident_not_ready",
        "cause, measures, improvement, lessons, scope",
    )
    scope_incident(settings, number, "li")
    state_incident_facts(settings, number, STATED, "li")
    closed = close_incident(settings, number, "li")
    assert closed in list_incidents(settings)
    with pytest.raises(UsageError) as again:
        state_incident_facts(settings, number, {"cause": "x"}, "li")
    assert again.value.code == "incident_closed"
    report = write_incident_report(settings, number, tmp_path / "report.docx")
    assert report.summary_due > closed.closed_at.date()
    seal_logs(settings)
    (log,) = [each for each in verify_logs(settings).logs if each.log == "incidents"]
    assert log.sealed == log.entries > 4


def test_the_report_names_each_field_and_escapes_its_texts(settings, tmp_path):
    number = open_incident(settings, DRAFT, "li").incident
    report = write_incident_report(settings, number, tmp_path / "report.md")
    text = (tmp_path / "report.md").read_text()
    assert all(field.names["zh"] in text for field in incident_rules().fields)
    assert "导出文件 \\| 外发" in text
    assert text.count("尚不明确") == len(report.unknown)
    assert (report.level, report.must_be_reported, report.summary_due) == (None, True, None)


@pytest.mark.parametrize(
    ("facts", "level", "reported"),
    [
        ({"loss": "0"}, "general", False),
        ({"loss": "49999999.99"}, "general", False),
        ({"loss": "50000000"}, "larger", True),
        ({"loss": "0", "sensitive_persons": "1000000"}, "serious", True),
        ({"persons": "100000000"}, "particularly_serious", True),
        ({}, None, True),
    ],
)
def test_the_highest_level_that_an_amount_reaches_counts(facts, level, reported):
    assert (incident_rules().level_of(facts), incident_rules().must_be_reported(level)) == (level, reported)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"columns": ("silver.press_line.tem",)}, "incident_column_unknown"),
        ({"columns": ()}, "incident_column_unknown"),
        ({"since": "yesterday"}, "incident_times"),
        ({"until": "2025-01-01"}, "incident_times"),
        ({"since": "0001-01-01"}, "incident_times"),
        ({"until": "9999-12-31T23:59"}, "incident_times"),
        ({"since": "2099-01-01"}, "incident_times"),
        ({"title": " "}, "incident_title_missing"),
        ({"found_by": "luck"}, "incident_found_by"),
    ],
)
def test_a_draft_that_can_not_be_is_refused(settings, change, code):
    with pytest.raises(UsageError) as refused:
        open_incident(settings, replace(DRAFT, **change), "li")
    assert refused.value.code == code


def test_facts_of_no_field_amounts_of_no_number_and_steps_of_no_one_are_refused(settings):
    number = open_incident(settings, DRAFT, "li").incident
    for facts, by, code in [
        ({"volume": "1"}, "li", "incident_fact_unknown"),
        ({"loss": "much"}, "li", "incident_fact_number"),
        ({"loss": "-1"}, "li", "incident_fact_number"),
        ({"loss": "1e400"}, "li", "incident_fact_number"),
        ({"persons": "1.5"}, "li", "incident_fact_number"),
        ({"cause": " "}, "li", "incident_fact_form"),
        ({"cause": "x\x1b[31m"}, "li", "incident_fact_form"),
        ({"cause": "x"}, " ", "incident_by_missing"),
    ]:
        with pytest.raises(UsageError) as refused:
            state_incident_facts(settings, number, facts, by)
        assert refused.value.code == code
    with pytest.raises(UsageError) as unknown:
        scope_incident(settings, "999", "li")
    assert unknown.value.code == "incident_unknown"


def test_incidents_that_are_opened_at_once_get_numbers_of_their_own(settings):
    before = {each.incident for each in list_incidents(settings)}
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _: open_incident(settings, DRAFT, "li").incident, range(4)))
    assert len({*opened} - before) == 4
    assert all(each.closed_at is None for each in list_incidents(settings) if each.incident in opened)


@pytest.mark.exhaustive
def test_a_look_at_the_same_rows_in_quarantine_is_unknown_and_never_left_out(tmp_path):
    plant = make_day(tmp_path / "plant")
    plant.drop("bad.csv", csv_line("M9", 9, 999))
    ingest_dataset(plant.settings, "press_line")
    grade_all(plant.settings)
    assert len(show_quarantine(plant.settings, "press_line", 9, role="steward")) == 1
    number = open_incident(plant.settings, DRAFT, "li").incident
    found = scope_incident(plant.settings, number, "li")
    assert (found.exposures, found.unknown_reads) == ((), 1)


def test_steps_are_in_the_history_of_decisions(settings):
    number = open_incident(settings, DRAFT, "li").incident
    state_incident_facts(settings, number, {"cause": "x"}, "li")
    found = [each for each in list_decisions(settings, kind="incident") if each.subject == number]
    assert [(each.action, each.by, each.verified) for each in found] == [("stated", "li", False), ("opened", "li", False)]
