"""From planted important data to a filing, its answer, and the growth that reopens it; every period from the law."""

import json
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from lakeward.contracts.placeholders import DRAFTED_OWNER, drafted_purpose
from lakeward.core.errors import LakewardError
from lakeward.core.messages import Lang
from lakeward.core.messages import text as message
from lakeward.core.settings import Settings
from lakeward.flows import AuthorityAnswer, answer_filing, draft_catalogue, file_catalogue, list_catalogue
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.filing import catalogue as flow
from lakeward.flows.filing.changes import has_grown
from support.accounts import STEWARD
from support.command_line import run_command
from support.important_plant import CANARY, DATASETS, decide_all, declare, deliver, make_important_plant, steward

DAY = date(2026, 3, 2)


def decide_and_declare(root):
    decide_all(root)
    declare(root)


def file_and_answer(root):
    settings = steward(root)
    file_catalogue(settings, on=DAY)
    answer_filing(settings, 1, AuthorityAnswer(accepted=True, ref="2026-017", on=date(2026, 3, 20)))


@pytest.fixture
def bare(tmp_path, copy_of):
    return Settings(start=copy_of(make_important_plant, tmp_path / "plant"))


@pytest.fixture
def declared(tmp_path, copy_of):
    return steward(copy_of((make_important_plant, decide_and_declare), tmp_path / "plant"))


@pytest.fixture
def filed(tmp_path, copy_of):
    return steward(copy_of((make_important_plant, decide_and_declare, file_and_answer), tmp_path / "plant"))


def states(settings):
    return {entry.dataset: str(entry.state) for entry in list_catalogue(settings).entries}


def tasks(settings):
    return [(str(task.kind), task.dataset, task.due, tuple(map(str, task.triggers))) for task in list_catalogue(settings).tasks]


def code_of(action):
    with pytest.raises(LakewardError) as error:
        action()
    return error.value.code


def test_every_dataset_with_an_important_column_is_an_entry_and_says_what_it_lacks(bare):
    report = list_catalogue(bare)

    assert {entry.dataset: str(entry.grade) for entry in report.entries} == {
        "recipes": "important",
        "plant_map": "important",
        "rolling_steel": "important",
        "circuit_masks": "core",
    }
    recipes = next(entry for entry in report.entries if entry.dataset == "recipes")
    assert (recipes.rows, recipes.filed_rows, recipes.state) == (100, None, "draft")
    assert recipes.bytes > 0
    assert set(recipes.undecided) == {"tapping_temp", "nickel_share"}
    assert set(recipes.missing) == {
        *("source", "basis", "purpose", "methods", "sharing", "cross_border", "storage_place", "storage_period", "responsible"),
    }
    assert code_of(lambda: file_catalogue(bare, by="li.wei")) == "filing_processor"
    assert code_of(lambda: file_catalogue(bare)) == "filing_signer"


def test_what_no_person_decided_is_not_filed(bare):
    declare(bare.start)

    assert code_of(lambda: file_catalogue(bare, by="li.wei")) == "filing_undecided"


def test_a_filing_has_the_eleven_items_and_its_deadline_in_working_days(declared):
    found = file_catalogue(declared, on=DAY)

    assert (found.filing, found.state, found.datasets, found.due, found.due_certain) == (
        1,
        "submitted",
        tuple(sorted(DATASETS)),
        date(2026, 3, 30),
        True,
    )
    assert set(states(declared).values()) == {"submitted"}
    assert ("answer", None, "2026-03-30", ()) in tasks(declared)
    entry = next(entry for entry in list_catalogue(declared).entries if entry.dataset == "recipes")
    assert (entry.filed_rows, entry.filed_bytes) == (entry.rows, entry.bytes)
    assert entry.items["category"] == "研发数据／melting"
    assert "字段 2 个" in entry.items["basis"]
    assert "Delta 表 silver.recipes" in entry.items["carrier"]


@pytest.mark.exhaustive
def test_an_accepted_filing_rests_until_thirty_per_cent(filed):
    assert set(states(filed).values()) == {"accepted"}
    assert [task for task in tasks(filed) if task[0] != "calendar"] == []
    assert code_of(lambda: file_catalogue(filed)) == "filing_nothing"

    deliver(filed.start, "recipes", 29, first=100)
    before = next(entry for entry in list_catalogue(filed).entries if entry.dataset == "recipes")
    deliver(filed.start, "recipes", 1, first=129)
    after = next(entry for entry in list_catalogue(filed).entries if entry.dataset == "recipes")

    assert (before.rows, "rows" in before.triggers) == (129, False)
    assert (after.rows, after.filed_rows, "rows" in after.triggers, after.state) == (130, 100, True, "changed")
    again = file_catalogue(filed, on=date(2026, 4, 1))
    assert (again.filing, again.datasets) == (3, ("recipes",))
    assert states(filed)["recipes"] == "submitted"


@pytest.mark.parametrize(
    ("before", "after", "grown"),
    [
        (1000, 1299, False),
        (1000, 1300, True),
        (1000, 701, False),
        (1000, 700, True),
        (0, 0, False),
        (0, 1, True),
        (3, 4, True),
        (10**18, 13 * 10**17, True),
    ],
)
def test_thirty_per_cent_is_reached_exactly(before, after, grown):
    assert has_grown(before, after, 30) is grown


@dataclass(frozen=True)
class FixedClock:
    """A clock that stands still."""

    at: datetime

    def now(self):
        return self.at


def at_day(settings, day, action):
    """Do something with the plant's clock on this day, at noon in UTC."""
    workspace = replace(
        open_workspace(settings), clock=FixedClock(datetime.combine(day, datetime.min.time(), UTC).replace(hour=4))
    )
    with workspace.engine() as engine:
        return action(workspace, engine)


@pytest.mark.exhaustive
def test_the_three_months_run_from_the_day_on_which_the_change_was_observed(filed):
    at_day(filed, date(2026, 4, 1), flow._record_changes)
    deliver(filed.start, "recipes", 50, first=100)
    at_day(filed, date(2026, 5, 31), flow._record_changes)
    deliver(filed.start, "recipes", 50, first=150)
    at_day(filed, date(2026, 7, 1), flow._record_changes)

    report = at_day(filed, date(2026, 7, 2), flow.catalogue_report)
    due = [(task.kind, task.due, task.due_certain) for task in report.tasks if task.dataset == "recipes"]
    assert due == [("refile", "2026-08-31", True)]


@pytest.mark.exhaustive
def test_a_rejected_filing_is_resubmitted_within_fifteen_working_days(declared):
    file_catalogue(declared, on=date(2026, 1, 20))
    found = answer_filing(declared, 1, AuthorityAnswer(accepted=False, ref="R-1", text="缺项", on=date(2026, 2, 13)))

    assert (found.state, found.due, found.due_certain, found.answer) == ("rejected", date(2026, 3, 12), True, "缺项")
    assert set(states(declared).values()) == {"rejected"}
    assert ("resubmit", None, "2026-03-12", ()) in tasks(declared)
    second = file_catalogue(declared, on=date(2026, 3, 9))
    assert second.datasets == found.datasets
    assert not [task for task in tasks(declared) if task[0] == "resubmit"]


def test_past_the_calendar_the_deadline_is_the_earliest_and_the_calendar_is_due(declared):
    found = file_catalogue(declared, on=date(2026, 12, 28))

    assert (found.due, found.due_certain) == (date(2027, 1, 17), False)
    assert ("calendar", None, "2026-12-31", ()) in tasks(declared)
    assert [task.missing for task in list_catalogue(declared).tasks if task.kind == "calendar"] == [("2027",)]


def test_a_period_before_the_first_calendar_names_the_year_that_is_missing(declared):
    found = file_catalogue(declared, on=date(2024, 12, 20))

    assert found.due_certain is False
    [task] = [task for task in list_catalogue(declared).tasks if task.kind == "calendar"]
    assert task.missing[0] == "2024"
    assert "2024" in message("task_calendar", Lang.ZH, missing=task.missing[0])


@pytest.mark.exhaustive
def test_other_contents_new_destroyed_and_merged_entries_are_due(filed):
    folder = filed.start / "expectations" / "datasets"
    shutil.rmtree(folder / "plant_map")
    declarations = filed.start / "expectations" / "policies" / "catalogue.yaml"
    text = declarations.read_text(encoding="utf-8")
    text = text.replace("本厂机房", "异地机房", 1).replace("  rolling_steel:\n", "  rolling_steel:\n    supersedes: [recipes]\n")
    declarations.write_text(text, encoding="utf-8")

    found = {dataset: triggers for kind, dataset, _, triggers in tasks(filed) if kind == "refile"}
    assert found["recipes"] == ("content",)
    assert found["plant_map"] == ("destroyed",)
    assert "merged" in found["rolling_steel"]
    assert states(filed)["plant_map"] == "destroyed"

    shutil.rmtree(folder / "recipes")
    file_catalogue(filed, on=date(2026, 4, 1))
    assert set(states(filed)) == {"rolling_steel", "circuit_masks"}
    assert [task for task in tasks(filed) if task[0] == "refile"] == []


def test_core_data_move_only_with_the_number_of_a_review(declared):
    sharing = "[{recipient: 乙公司, kind: provide, contract: HT-7}]"
    declare(declared.start, sharing=sharing)

    assert ("review", "circuit_masks", None, ()) in tasks(declared)
    assert code_of(lambda: file_catalogue(declared)) == "filing_review"

    declare(declared.start, sharing=sharing, more="    review: 工信审〔2026〕9号\n")
    assert file_catalogue(declared).datasets == tuple(sorted(DATASETS))


def test_drafting_again_changes_nothing(declared):
    draft_catalogue(declared)
    with open_workspace(declared).engine() as engine:
        before = engine.info(governance.table_name("catalogue")).version
    draft_catalogue(declared)
    with open_workspace(declared).engine() as engine:
        assert engine.info(governance.table_name("catalogue")).version == before


def test_answers_are_checked(filed):
    yes = AuthorityAnswer(accepted=True, ref="1", on=date(2026, 3, 1))

    assert code_of(lambda: answer_filing(filed, 9, yes)) == "filing_unknown"
    assert code_of(lambda: answer_filing(filed, 1, yes)) == "filing_answered"
    assert code_of(lambda: answer_filing(filed, 1, replace(yes, ref=" "))) == "filing_ref"
    assert code_of(lambda: file_catalogue(filed, ["recipe"])) == "filing_entry_unknown"


def test_an_answer_before_the_submission_is_refused(declared):
    file_catalogue(declared, on=DAY)

    assert (
        code_of(lambda: answer_filing(declared, 1, AuthorityAnswer(accepted=True, ref="1", on=date(2026, 3, 1)))) == "filing_day"
    )


def test_with_accounts_a_filing_is_signed_by_a_token(declared):
    assert code_of(lambda: file_catalogue(replace(declared, token=None), by="wang.fang")) == "filing_token"
    assert file_catalogue(declared).signed_by == STEWARD.name


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("91110000600037341L", "91110000600037341M"),
        ("processor:", "procesor:"),
        ("  recipes:", "  recipe:"),
        ("cross_border: []", "cross_border: none"),
        ("purpose: 生产与质量控制", f"purpose: {'长' * 301}"),
        ("sharing: []", "sharing: [{recipient: 乙公司, kind: sell}]"),
    ],
)
def test_declarations_that_are_wrong_are_named_with_their_line(declared, capsys, old, new):
    file = declared.start / "expectations" / "policies" / "catalogue.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")

    answer = run_command(capsys, declared.start, "catalogue", "list")

    assert (answer.code, "catalogue.yaml:" in answer.err, "Next:" in answer.err) == (3, True, True)


@pytest.mark.exhaustive
@pytest.mark.sampled(1)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_whole_way_by_the_command_line(declared, capsys, monkeypatch, lang):
    root = declared.start
    monkeypatch.setenv("LAKEWARD_TOKEN", declared.token)

    def run(*words, code=0):
        answer = run_command(capsys, root, *words, "--lang", lang)
        assert answer.code == code, answer.output
        return answer.out

    run("catalogue", "draft")
    assert "recipes" in run("catalogue", "list")
    run("catalogue", "file", "--on", "2026-03-02")
    run("catalogue", "answer", "1", "--ref", "2026-017", "--on", "2026-03-20")
    deliver(root, "recipes", 30, first=100)
    assert {"en": "changed", "zh": "有变更"}[lang] in run("catalogue", "draft")
    run("catalogue", "file", "--on", "2 March", code=2)
    run("catalogue", "file")
    run("catalogue", "answer", "3", "--ref", "R-2", "--reject", "--text", "缺项")
    found = json.loads(run("catalogue", "list", "--json"))
    assert [(each["filing"], each["state"]) for each in found["filings"]] == [(1, "accepted"), (3, "rejected")]


@pytest.mark.parametrize("name", ["form.json", "form.xlsx", "form.docx"])
def test_the_form_is_in_chinese_with_its_appendix_and_nothing_of_the_content(filed, capsys, tmp_path, name):
    file = tmp_path / name
    answer = run_command(capsys, filed.start, "catalogue", "export", str(file), "--filing", "1")
    again = run_command(capsys, filed.start, "catalogue", "export", str(file))

    text = text_of(file)
    assert (answer.code, again.code) == (0, 2)
    assert all(
        word in text for word in ("某特种材料有限公司", "核心数据", "合金配方", "数据来源" if "json" not in name else "processor")
    )
    assert "工信部网安〔2022〕166号第十二条" in text
    assert str(CANARY) not in text
    assert "recipe_no00001" not in text


def test_the_form_of_a_filing_has_the_processor_that_filed_it(filed, capsys, tmp_path):
    declarations = filed.start / "expectations" / "policies" / "catalogue.yaml"
    text = declarations.read_text(encoding="utf-8")
    assert "某特种材料有限公司" in text
    declarations.write_text(text.replace("某特种材料有限公司", "另一家有限公司"), encoding="utf-8")
    heads = []
    for number, words in enumerate((("--filing", "1"), ())):
        file = tmp_path / f"{number}.json"
        assert run_command(capsys, filed.start, "catalogue", "export", str(file), *words).code == 0
        heads.append(json.loads(file.read_text(encoding="utf-8"))["processor"]["name"])

    assert heads == ["某特种材料有限公司", "另一家有限公司"]


def text_of(file: Path) -> str:
    if file.suffix == ".json":
        return json.dumps(json.loads(file.read_text(encoding="utf-8")), ensure_ascii=False)
    if file.suffix == ".xlsx":
        from openpyxl import load_workbook

        return "\n".join(str(cell) for sheet in load_workbook(file) for row in sheet.iter_rows(values_only=True) for cell in row)
    from docx import Document

    book = Document(str(file))
    cells = [cell.text for table in book.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(each.text for each in book.paragraphs), *cells])


def test_a_text_that_begins_like_a_formula_stays_a_text(declared, capsys, tmp_path):
    file = declared.start / "expectations" / "policies" / "catalogue.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("本厂机房", "'=1+1'"), encoding="utf-8")
    target = tmp_path / "form.xlsx"
    assert run_command(capsys, declared.start, "catalogue", "export", str(target)).code == 0

    from openpyxl import load_workbook

    cells = [cell for sheet in load_workbook(target) for row in sheet.iter_rows() for cell in row if cell.value == "=1+1"]
    assert cells
    assert {cell.data_type for cell in cells} == {"s"}


def test_an_unknown_ending_is_an_error(declared, capsys, tmp_path):
    assert run_command(capsys, declared.start, "catalogue", "export", str(tmp_path / "form.pdf")).code == 2


@pytest.mark.parametrize(("drafted", "owner"), [("recipes", DRAFTED_OWNER), ("press_line", "Owner")])
def test_what_a_draft_says_is_not_filed(declared, drafted, owner):
    file = declared.start / "expectations" / "datasets" / "recipes" / "contract.odcs.yaml"
    text = file.read_text(encoding="utf-8").replace("合金配方", f"'{drafted_purpose(drafted)}'").replace("li.wei", owner)
    file.write_text(text, encoding="utf-8")

    with pytest.raises(LakewardError) as refused:
        file_catalogue(declared, ["recipes"], on=DAY)

    assert (refused.value.code, refused.value.facts["missing"]) == ("filing_incomplete", "name, owner")
