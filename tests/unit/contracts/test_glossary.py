"""The glossary and the words of contracts: read, checked with line and column, and what lacks them."""

from pathlib import Path

import pytest

from lakeward.contracts.glossary import TermState, read_glossary
from lakeward.contracts.lint import lint, lint_glossary
from lakeward.contracts.load import parse_contract
from lakeward.contracts.project import Project, load_project
from lakeward.contracts.words import word_gaps
from lakeward.core.errors import ContractError, SettingsError
from lakeward.core.languages import split_names
from lakeward.core.messages import Lang
from support.contract_texts import PRESS, replace_in_contract

TERMS = """\
terms:
  machine:
    name: {en: Machine, zh: 设备}
    definition: {en: One press., zh: 单台压机。}
    owner: li.wei
    state: approved
    synonyms: [asset, 机台]
  line:
    name: {en: Line, zh: 产线}
    definition: {en: Presses in a row., zh: 一排压机。}
    owner: li.wei
"""
MACHINE = "{name: machine, logicalType: string,"


@pytest.fixture
def plant(tmp_path):
    (tmp_path / "expectations/datasets/press_line").mkdir(parents=True)
    write(tmp_path, TERMS)
    return Project(root=tmp_path, name="plant", zone="UTC")


def test_a_folder_in_place_of_the_glossary_is_a_problem(plant):
    (plant.root / "expectations/glossary.yaml").unlink()
    (plant.root / "expectations/glossary.yaml").mkdir()

    assert [problem.code for problem in lint_glossary(plant)] == ["contract_is_folder"]
    with pytest.raises(ContractError, match="is a folder"):
        read_glossary(plant)


def write(root: Path, text: str) -> None:
    (root / "expectations/glossary.yaml").write_text(text, encoding="utf-8")


def problems(plant: Project, contract: str) -> list[tuple[str, int, int]]:
    path = plant.root / "expectations/datasets/press_line/contract.odcs.yaml"
    path.write_text(contract, encoding="utf-8")
    return [(problem.code, problem.line, problem.column) for problem in lint(path, plant)]


def referring(term: str) -> str:
    uses = f"authoritativeDefinitions: [{{type: glossary, url: {term}}}],"
    return replace_in_contract(MACHINE, f"{MACHINE} {uses}")


@pytest.mark.parametrize(
    ("text", "english", "chinese"),
    [
        ("Order number / 工单号", "Order number", "工单号"),
        ("工单号／Order number", "Order number", "工单号"),
        ("Pieces / hour / 件每小时", "Pieces / hour", "件每小时"),
        ("PLC 状态", "", "PLC 状态"),
        ("km/h", "km/h", ""),
        ("", "", ""),
    ],
)
def test_a_name_holds_both_languages(text, english, chinese):
    assert split_names(text) == {Lang.EN: english, Lang.ZH: chinese}


def test_terms_are_read_and_found_by_synonyms(plant):
    glossary = read_glossary(plant)
    machine = glossary.terms["machine"]
    assert (machine.names[Lang.ZH], machine.state, machine.synonyms) == ("设备", TermState.APPROVED, ("asset", "机台"))
    assert glossary.terms["line"].state is TermState.DRAFT
    assert [glossary.find(word) for word in (" ASSET", "机台", "设备")] == [machine] * 3
    assert glossary.find("Line") is None, "a draft names nothing"
    assert glossary.find("nothing") is None


def test_a_word_of_two_terms_finds_neither(plant):
    write(plant.root, TERMS + "    state: approved\n    synonyms: [asset]\n")
    assert read_glossary(plant).find("asset") is None


def test_a_project_without_a_glossary_has_no_terms(plant):
    (plant.root / "expectations/glossary.yaml").unlink()
    assert read_glossary(plant).terms == {}
    assert lint_glossary(plant) == []


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("zh: 设备}", "en2: x}", "contract_unknown_key", 3),
        ("definition: {en: One press., zh: 单台压机。}", "definition: {en: One press.}", "contract_missing", 4),
        ("    owner: li.wei\n    state", "    state", "contract_missing", 2),
        ("state: approved", "state: done", "contract_value", 6),
        ("synonyms: [asset, 机台]", "synonyms: asset", "contract_value", 7),
        ("  machine:", "  a b:", "term_id", 2),
        ("terms:", "words:", "contract_unknown_key", 1),
        ("owner: li.wei\n    state", "owner: li.wei\n    owner: wang\n    state", "contract_duplicate_key", 6),
    ],
)
def test_what_is_wrong_in_the_glossary_is_named_with_its_line(plant, old, new, code, line):
    assert old in TERMS
    write(plant.root, TERMS.replace(old, new, 1))
    assert (code, line) in {(problem.code, problem.line) for problem in lint_glossary(plant)}
    with pytest.raises(ContractError):
        read_glossary(plant)


@pytest.mark.parametrize("text", ["- a\n", "terms: [", "!!python/object:os.system x", "x" * 2_000_000])
def test_what_is_no_glossary_is_one_problem(plant, text):
    write(plant.root, text)
    assert len(lint_glossary(plant)) == 1


def test_languages_of_the_plant_alone_are_needed(tmp_path, plant):
    write(
        tmp_path,
        TERMS.replace(", zh: 设备", "").replace(", zh: 单台压机。", "").replace(", zh: 产线", "").replace(", zh: 一排压机。", ""),
    )
    assert lint_glossary(plant) != []
    assert lint_glossary(Project(root=tmp_path, name="plant", zone="UTC", languages=(Lang.EN,))) == []


def test_references_are_checked_with_line_and_column(plant):
    at = (
        PRESS[: PRESS.index(MACHINE)].count("\n") + 1,
        len("      - " + MACHINE + " authoritativeDefinitions: [{type: glossary, ") + 1,
    )
    assert problems(plant, referring("expectations/glossary.yaml#machine")) == []
    assert problems(plant, referring("expectations/glossary.yaml#machin")) == [("term_unknown", *at)]
    assert problems(plant, referring("glossary.yaml#line")) == [("term_not_approved", *at)]
    assert problems(plant, referring("https://terms.example/glossary.yaml#x")) == [], "others' definitions are for people"
    write(plant.root, "terms: [")
    assert problems(plant, referring("expectations/glossary.yaml#machin")) == [], "linting the glossary says what is wrong"


def test_a_reference_is_a_term_of_the_column():
    assert parse_contract(referring("expectations/glossary.yaml#machine"), "x").columns[0].terms == ("machine",)
    assert parse_contract(PRESS, "x").columns[0].terms == ()


def test_gaps_are_of_the_languages_of_the_plant_and_a_draft_says_nothing():
    contract = parse_contract(
        replace_in_contract("purpose: Readings of the press line", "purpose: 'What press_line is for, in one sentence'"), "x"
    )
    gaps = {(gap.kind, gap.lang): (gap.dataset, gap.columns) for gap in word_gaps(contract, (Lang.EN,))}
    assert gaps == {("name", "en"): (True, ("machine", "ts", "temp")), ("description", "en"): (True, ("machine", "ts", "temp"))}
    named = parse_contract(
        replace_in_contract(MACHINE, f"{MACHINE} businessName: Machine / 设备, description: A press. 压机。,"), "x"
    )
    assert {gap.columns for gap in word_gaps(named, tuple(Lang))} == {("ts", "temp")}


def test_titles_of_domains_are_read(tmp_path):
    file = tmp_path / "expectations" / "project.yaml"
    file.parent.mkdir()
    file.write_text("name: p\ntimezone: UTC\ndomains:\n  production: {en: Production, zh: 生产}\n", encoding="utf-8")
    assert load_project(tmp_path).domain_titles == {"production": {Lang.EN: "Production", Lang.ZH: "生产"}}
    file.write_text("name: p\ntimezone: UTC\ndomains:\n  production: {de: x}\n", encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        load_project(tmp_path)
    assert refused.value.facts["line"] == 4
