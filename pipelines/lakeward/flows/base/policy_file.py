"""Where a project's serving policy lies: a file of its own, else the one that travels in the package."""

from importlib import resources
from pathlib import Path

from lakeward.contracts.project import Project
from lakeward.protection.load import policy_text

POLICY_FILE = Path("expectations/policies/serving.yaml")


def read_policy_file(project: Project) -> tuple[str, str]:
    """The text of the policy, and what messages call its file.

    Raises:
        PolicyError: It is too large, or no UTF-8.
    """
    own = project.root / POLICY_FILE
    if own.is_file():
        return policy_text(own, str(POLICY_FILE)), str(POLICY_FILE)
    shipped = resources.files("lakeward") / POLICY_FILE
    return shipped.read_text(encoding="utf-8"), str(POLICY_FILE)
