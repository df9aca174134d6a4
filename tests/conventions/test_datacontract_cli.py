"""The public tool for data contracts accepts ours: nothing of Lakeward's own breaks the standard."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CLI = "datacontract-cli==1.2.8"
# An environment of its own, made once: its dependencies are not ours.
HOME = ROOT / ".cache" / "datacontract-cli-1.2.8"
CONTRACTS = sorted((ROOT / "expectations").rglob("*.odcs.yaml"))

# One process for all: to start the tool takes longer than to check with it.
LINT = """
import json, sys
from typer.testing import CliRunner
from datacontract.cli import app
answers = {path: CliRunner().invoke(app, ["lint", path]) for path in sys.argv[1:]}
print(json.dumps({path: [answer.exit_code, answer.output] for path, answer in answers.items()}))
"""

pytestmark = [pytest.mark.exhaustive, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def python():
    """Python of the tool's own environment."""
    python = HOME / "bin" / "python"
    if not (HOME / "bin" / "datacontract").exists():
        uv = Path(sys.executable).with_name("uv")
        words = (
            [uv, "venv", "--quiet", "--clear", "--python", sys.executable, HOME],
            [uv, "pip", "install", "--quiet", "--python", python, CLI],
        )
        for command in words:
            made = subprocess.run(command, capture_output=True, text=True, check=False)
            if made.returncode:
                pytest.skip(f"{CLI} can't be installed here: {made.stderr[-300:]}")
    return python


@pytest.fixture(scope="module")
def lint(python):
    """Lints files by the tool's command: exit code and output of each."""

    def call(*paths):
        done = subprocess.run([python, "-c", LINT, *paths], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return call


@pytest.fixture(scope="module")
def answers(lint):
    """What the tool says of each contract."""
    return lint(*map(str, CONTRACTS))


def test_there_are_contracts():
    assert [path for path in CONTRACTS if "datasets" in path.parts]


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_contract_is_accepted_by_the_public_tool(answers, contract):
    code, output = answers[str(contract)]
    assert code == 0, output
    assert "Data contract is valid" in output


def test_the_tool_refuses_what_breaks_the_standard(lint, tmp_path):
    broken = tmp_path / "contract.odcs.yaml"
    broken.write_text(CONTRACTS[0].read_text(encoding="utf-8") + "unheard_of: 1\n", encoding="utf-8")
    ((code, output),) = lint(str(broken)).values()
    assert (code, "unheard_of" in output) == (1, True)
