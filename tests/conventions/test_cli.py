"""What people and programs may rely on in the command line: help, languages, keys, exit codes, where the project is looked for."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import lakeward
from lakeward.cli.app import make_app
from lakeward.core.messages import Lang
from support.command_line import run_command, run_in_subprocess
from support.plant import Plant, csv_line, make_plant

CJK = range(0x4E00, 0x9FFF)
COUNTS = {"rows_in", "bronze", "rejects", "silver", "quarantine", "duplicates", "corrections"}
RUN = {"dataset", "run_id", "batches", "score", "halted"} | COUNTS
# Command -> keys of each object in its list, as the pages for programs document them.
KEYS = {
    ("run",): RUN,
    ("run", "press_line"): RUN,
    ("rebuild", "press_line"): RUN,
    ("tables",): {"table", "path", "version", "rows"},
    ("verdicts", "press_line"): {
        *("run_id", "dataset", "batch_seq", "generation", "rule_id", "rule_version", "expectation", "columns", "severity"),
        *("dimension", "outcome", "evaluated", "failed", "observed", "reason", "proof", "judged_at"),
    },
    ("lineage", "show", "silver.press_line"): {"direction", "depth", "from", "to", "kind", "job"},
    ("doctor",): {"check", "ok", "needed", "found", "repair"},
    ("quarantine", "list"): {
        *("table", "dataset", "rule", "rows", "batches", "oldest", "open", "owner", "age_p50", "age_p90"),
    },
    ("quarantine", "figures"): {"dataset", "open", "age_p50", "age_p90", "repair_rate", "failed_again"},
    ("quarantine", "show", "press_line"): {"id", "table", "batch", "file", "row", "state", "reasons", "detail"},
    ("history",): {
        *("at", "kind", "action", "subject", "dataset", "by", "role", "approved_by", "verified", "rows", "reason", "detail"),
    },
    ("explain", "silver.press_line", "machine=M1"): {
        *("table", "batch", "batch_id", "file", "row", "received_at", "run_id", "flow"),
        *("contract_version", "contract_sha256", "suite_sha256", "rules", "row_rules"),
    },
}
# The pages that tell programs what they may rely on.
PAGES = ("docs/reference/json.md",)
# Packages that help, the version and completion import; whatever is added here makes every press of a key slower.
DOOR = {"annotated_doc", "lakeward", "shellingham", "typer", "yaml"}
# Ours among them, beside those of `core`: all that there is to import before a command is named, and what the commands share.
DOOR_MODULES = {
    *("lakeward", "lakeward.cli", "lakeward.cli.app", "lakeward.cli.completion", "lakeward.cli.interrupts"),
    *("lakeward.cli.lazy", "lakeward.cli.main"),
}
COMMON = {"lakeward.cli.render", "lakeward.flows"}


def commands(lang: Lang) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with its words."""
    queue: list[tuple[tuple[str, ...], Any]] = [((), make_app(lang))]
    while queue:
        words, command = queue.pop()
        if hasattr(command, "commands"):
            queue += [((*words, name), member) for name, member in command.commands.items()]
        else:
            yield words, command


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Plant:
    plant = make_plant(tmp_path_factory.mktemp("cli") / "plant")
    plant.drop("a.csv", csv_line("M1", 0, 20.5), csv_line("M2", 1, 999), "M3")
    assert run_in_subprocess(plant.root, "run").code == 1
    return plant


def test_every_command_has_an_example_of_itself_in_both_languages() -> None:
    told = {lang: {words: command.help for words, command in commands(lang)} for lang in Lang}

    assert len(told[Lang.EN]) > 12
    assert [words for words, text in told[Lang.EN].items() if f"Example: lakeward {' '.join(words)}" not in text] == []
    assert [words for words, text in told[Lang.ZH].items() if f"例：lakeward {' '.join(words)}" not in text] == []


@pytest.mark.parametrize(("lang", "said"), [("en", "Example: lakeward run"), ("zh", "例：lakeward run")])
def test_help_is_there_without_a_project(capsys: pytest.CaptureFixture[str], tmp_path: Path, lang: str, said: str) -> None:
    answer = run_command(capsys, tmp_path, "run", "--help", "--lang", lang)

    assert (answer.code, said in answer.out, answer.err) == (0, True, "")


@pytest.mark.parametrize("words", KEYS, ids=" ".join)
def test_json_has_the_documented_keys(capsys: pytest.CaptureFixture[str], plant: Plant, words: tuple[str, ...]) -> None:
    answer = run_command(capsys, plant.root, *words, "--json")

    found = json.loads(answer.out)
    assert found
    assert [set(row) for row in found] == [KEYS[words]] * len(found)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("words", [words for words in KEYS if words[0] != "rebuild"], ids=" ".join)
def test_tables_for_people_have_heads_in_their_language(
    capsys: pytest.CaptureFixture[str], plant: Plant, words: tuple[str, ...]
) -> None:
    chinese = run_command(capsys, plant.root, *words, "--lang", "zh").out.splitlines()[0]
    english = run_command(capsys, plant.root, *words, "--lang", "en").out.splitlines()[0]

    assert any(ord(letter) in CJK for letter in chinese)
    assert english.isascii()


def test_keys_for_programs_are_documented() -> None:
    pages = "".join((Path(__file__).parents[2] / page).read_text("utf-8") for page in PAGES)

    assert sorted({key for keys in KEYS.values() for key in keys if f'"{key}"' not in pages and f"`{key}`" not in pages}) == []


def test_a_pipe_gets_neither_colours_nor_progress(plant: Plant) -> None:
    answer = run_in_subprocess(plant.root, "status", LANG="zh_CN.UTF-8")

    assert (answer.code, "\x1b" in answer.output, answer.err) == (0, False, "")
    assert "数据集" in answer.out


def test_the_project_is_found_upward_by_option_and_by_variable(plant: Plant, tmp_path: Path) -> None:
    inside = run_in_subprocess(plant.dataset, "tables", "--json")
    by_option = run_in_subprocess(tmp_path, "tables", "--json", "--project", str(plant.root))
    by_variable = run_in_subprocess(tmp_path, "tables", "--json", LAKEWARD_PROJECT=str(plant.root))

    assert (inside.code, by_option.code, by_variable.code) == (0, 0, 0)
    assert len(json.loads(inside.out)) == len(json.loads(by_option.out)) == len(json.loads(by_variable.out)) > 3


@pytest.mark.exhaustive
def test_the_lake_may_lie_where_the_variable_says(plant: Plant, tmp_path: Path) -> None:
    answer = run_in_subprocess(plant.root, "run", "--json", LAKEWARD_LAKE=str(tmp_path / "lake"))

    assert json.loads(answer.out)[0]["rows_in"] == 3
    assert (tmp_path / "lake" / "silver" / "press_line" / "_delta_log").is_dir()


def test_exit_codes_say_what_became_of_it(plant: Plant, tmp_path: Path) -> None:
    other = make_plant(tmp_path / "other")
    other.drop("a.csv", csv_line("M1", 0, 20.5))
    done = run_in_subprocess(other.root, "run").code
    other.drop("b.csv", csv_line("M1", 1, 999))
    judged = run_in_subprocess(other.root, "run").code
    wrong = run_in_subprocess(other.root, "run", "nothing").code
    other.suite({"name": "press_line", "expectations": [{"type": "expect_nothing"}]})
    refused = run_in_subprocess(other.root, "run").code
    machine = run_in_subprocess(other.root, "tables", LAKEWARD_LAKE="/proc/nowhere").code

    assert (done, judged, wrong, refused, machine) == (0, 1, 2, 3, 4)


def modules_of(program: str) -> set[str]:
    """What a program imports in a process of its own, without Python's modules and those that Cython makes."""
    told = f"import sys\nbefore = set(sys.modules)\n{program}\nprint(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    found = done.stdout.splitlines()[-1].split()
    return {name for name in found if name.partition(".")[0] not in sys.stdlib_module_names and "cython" not in name}


def ours(modules: set[str]) -> set[str]:
    """Modules of Lakeward, but for those of `core`, which import nothing else."""
    return {name for name in modules if name.startswith("lakeward") and not name.startswith("lakeward.core")}


def imported(*words: str) -> set[str]:
    """What a call imports."""
    return modules_of(f"from lakeward.cli import main\ntry: main({list(words)!r})\nexcept SystemExit as end: assert not end.code")


@pytest.mark.parametrize(
    "words", [("--help",), ("--version",), ("quarantine", "--help"), ("--complete", "zsh", "quarantine", "")], ids=" ".join
)
def test_help_version_and_completion_import_the_door_alone(words: tuple[str, ...]) -> None:
    found = imported(*words)

    assert {name.partition(".")[0] for name in found} == DOOR
    assert ours(found) == DOOR_MODULES


@pytest.mark.parametrize("words", [("status", "--help"), ("--complete", "bash", "status", "--")], ids=" ".join)
def test_help_of_a_command_imports_its_module_too(words: tuple[str, ...]) -> None:
    found = imported(*words)

    assert {name.partition(".")[0] for name in found} == DOOR
    assert ours(found) == DOOR_MODULES | COMMON | {"lakeward.cli.status"}


def test_no_command_imports_more_before_it_is_called() -> None:
    load = "from lakeward.cli.app import make_app\nfor group in [make_app('en'), *make_app('en').commands.values()]:\n"
    load += "    print([command.params for command in getattr(group, 'commands', {}).values()])"

    assert {name.partition(".")[0] for name in modules_of(load)} == DOOR


def test_status_imports_no_parser_no_model_no_lineage_and_no_reader_of_files(plant: Plant) -> None:
    found = imported("status", "--project", str(plant.root))

    assert "lakeward.engines.embedded.engine" in found
    assert (
        found
        & {
            "sqlglot",
            "pydantic",
            "lakeward_lineage",
            "lakeward.sources",
            "lakeward.engines.embedded.staging",
            "lakeward.quality.checks",
        }
        == set()
    )


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    answer = run_command(capsys, tmp_path, "--version")

    assert (answer.code, answer.out, answer.err) == (0, f"lakeward {lakeward.__version__}\n", "")


@pytest.mark.exhaustive
def test_what_new_drafts_runs_as_it_is(tmp_path: Path) -> None:
    sample = tmp_path / "读 数'1.csv"
    sample.write_text("时间,机床,温度(℃)\n2026-03-01 06:00:00,一号,21.5\n2026-03-01 06:01:00,一号,22.5\n", encoding="gb18030")
    plant = tmp_path / "plant"

    made = [run_in_subprocess(tmp_path, "init", "plant"), run_in_subprocess(plant, "new", "press_line", "--from", str(sample))]
    ran = run_in_subprocess(plant, "run", "--json")
    origin = run_in_subprocess(
        plant, "explain", "silver.press_line", "时间=2026-03-01T06:01:00+08:00", "--as", "engineer", "--json"
    )

    assert [answer.code for answer in made] == [0, 0]
    assert [(row["silver"], row["rejects"]) for row in json.loads(ran.out)] == [(2, 0)]
    assert (json.loads(origin.out)[0]["file"], json.loads(origin.out)[0]["row"]) == (sample.name, 3)
