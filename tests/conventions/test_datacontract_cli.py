"""The public tool for data contracts accepts ours: nothing of Lakeward's own breaks the standard."""

import subprocess
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CLI = "datacontract-cli==1.2.8"
# An environment of its own, made once: its dependencies are not ours.
HOME = ROOT / ".cache" / "datacontract-cli-1.2.8"
CONTRACTS = sorted((ROOT / "expectations").rglob("*.odcs.yaml"))

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def datacontract():
    """The command, in its own environment."""
    command = HOME / "bin" / "datacontract"
    if not command.exists():
        venv.create(HOME, clear=True, with_pip=True)
        made = subprocess.run([HOME / "bin" / "pip", "install", "-q", CLI], capture_output=True, text=True, check=False)
        if made.returncode:
            pytest.skip(f"{CLI} can't be installed here: {made.stderr[-300:]}")
    return command


def test_there_are_contracts():
    assert [path for path in CONTRACTS if "datasets" in path.parts]


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_contract_is_accepted_by_the_public_tool(datacontract, contract):
    done = subprocess.run([datacontract, "lint", contract], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Data contract is valid" in done.stdout
