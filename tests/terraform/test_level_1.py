"""L1: each module and environment by a mocked provider: every validation refuses, and the rules that must hold do."""

import re

import pytest

from support.terraform_tool import TREE, needs_terraform

pytestmark = needs_terraform()
# In every run of the tests: what hangs on the policy.
QUICK = ("modules/policy",)
FOLDERS = sorted(str(path.parent.relative_to(TREE)) for path in TREE.glob("*/*/tests"))


@pytest.mark.parametrize("folder", [*QUICK, *(pytest.param(f, marks=pytest.mark.exhaustive) for f in FOLDERS if f not in QUICK)])
def test_a_folder_passes_its_own_tests(copy, folder):
    wanted = sum(path.read_text(encoding="utf-8").count('\nrun "') for path in (TREE / folder / "tests").glob("*.tftest.hcl"))
    copy.init(folder, provider=folder != "modules/policy")
    said = copy.run(folder, "test", "-no-color").stdout
    passed = re.search(r"Success! (\d+) passed, 0 failed", said)
    assert passed, said
    assert int(passed[1]) == wanted
