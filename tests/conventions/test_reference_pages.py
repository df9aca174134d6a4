"""The generated reference pages say what the code says today, with all of its keys, and their examples are valid."""

import ast
import re
from datetime import date

import pytest
import yaml

from generate import assessor, commands, contract, project, scoring
from generate.pages import PAGES
from lakeward.contracts.load import parse_contract
from lakeward.contracts.project import load_project
from lakeward.core.messages import Lang, catalogue
from lakeward.maturity.assessor import read_answers
from lakeward.maturity.catalogue import default_catalogue as edition
from lakeward.quality.catalogue import expectations
from lakeward.quality.weights import read_weights
from support import source_tree

DOCS = source_tree.ROOT / "docs"
# Modules that read the keys of a file entry by entry, and the page that lists these keys.
READERS = {
    **dict.fromkeys(
        [f"pipelines/lakeward/contracts/{name}.py" for name in ("build", "columns", "dialect", "file_drop", "gold", "sla")],
        "reference/contract.md",
    ),
    "pipelines/lakeward/contracts/project.py": "reference/project.md",
    "pipelines/lakeward/maturity/assessor.py": "reference/assessor.md",
    "pipelines/lakeward/protection/cases.py": "reference/policies.md",
    "pipelines/lakeward/protection/load.py": "reference/policies.md",
    "pipelines/lakeward/quality/weights.py": "reference/scoring.md",
}
# What `View` reads an entry with: its first argument is the key.
READ = {"text", "texts", "entry", "positive_integer", "choice", "zone", "mapping", "mappings"}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_says_what_the_code_says(path):
    assert (DOCS / path).read_text(encoding="utf-8") == PAGES[path](), "Next: make docs"


def test_every_module_of_the_generators_makes_a_page_or_helps():
    made = {page.__module__ for page in PAGES.values()}
    helpers = {
        "generate",
        "generate.answer_keys",
        "generate.answer_samples",
        "generate.__main__",
        "generate.markdown",
        "generate.pages",
        "generate.screenshot",
        "generate.site",
        "generate.sources",
    }
    found = {path.relative_to(DOCS).with_suffix("").as_posix().replace("/", ".") for path in (DOCS / "generate").glob("*.py")}
    assert {name.removesuffix(".__init__") for name in found} == made | helpers


def test_the_page_has_every_expectation():
    page = PAGES["reference/expectations.md"]()
    assert [name for name in expectations() if f"| `{name}` |" not in page] == []


def test_the_page_has_every_message_with_a_repair():
    page = PAGES["reference/messages.md"]()
    assert [code for code, entry in catalogue().items() if "en_next" in entry and f"`{code}`" not in page] == []


def test_every_command_that_answers_in_json_stands_on_its_page():
    page = PAGES["reference/json.md"]()
    answering = [
        " ".join(words) for words, command in commands.every_command(Lang.EN) if any(p.name == "as_json" for p in command.params)
    ]
    assert len(answering) > 20
    assert [words for words in answering if f"`lakeward {words}" not in page] == []


@pytest.mark.parametrize("path", READERS)
def test_every_key_that_is_read_stands_on_its_page(path):
    page = (DOCS / READERS[path]).read_text(encoding="utf-8")
    calls = [call for module in source_tree.modules(path) for call in module.nodes(ast.Call)]
    read = {call.args[0].value for call in calls if _reads(call)}
    assert read
    assert [key for key in sorted(read) if f"`{key}`" not in page] == []


def _reads(call):
    named = isinstance(call.func, ast.Attribute) and call.func.attr in READ
    return named and bool(call.args) and isinstance(call.args[0], ast.Constant)


def example(text):
    return re.search(r"```yaml\n(.*?)```", text, re.DOTALL)[1]


def test_the_examples_of_contracts_are_valid():
    silver, gold = (parse_contract(example(text), "contract.odcs.yaml") for text in (contract.SILVER, contract.GOLD))
    assert (silver.layer, gold.layer) == ("silver", "gold")


def test_the_examples_are_valid(tmp_path):
    assert (
        read_weights(example(scoring.EXAMPLE), "scoring.yaml", ("press_line",)).of_rule("press_line", "temp_in_range") == 20_000
    )
    assert [answer.item for answer in read_answers(example(assessor.EXAMPLE), "assessor.yaml", edition(), date.max)] == ["6.1"]
    (tmp_path / "expectations").mkdir()
    (tmp_path / "expectations" / "project.yaml").write_text(example(project.EXAMPLE), encoding="utf-8")
    assert load_project(tmp_path).retention_days == yaml.safe_load(example(project.EXAMPLE))["maintain"]["retention_days"]
