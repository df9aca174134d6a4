"""Terraform as it is installed here, with the providers of its own mirror; nothing is downloaded, and no state lies in the tree."""

import functools
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TREE = ROOT / "terraform"
# Where Terraform itself looks for providers if its configuration names no mirror.
IMPLIED_MIRRORS = (
    Path.home() / ".terraform.d" / "plugins",
    Path("/usr/local/share/terraform/plugins"),
    Path("/usr/share/terraform/plugins"),
)
MIRROR = re.compile(r'filesystem_mirror\s*\{[^}]*?path\s*=\s*"([^"]+)"', re.DOTALL)
PROVIDER = "hashicorp/aws"
# No account: calls would be refused, and most tests make none.
NOBODY = {"AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "nobody", "AWS_EC2_METADATA_DISABLED": "true"}


@functools.cache
def mirror() -> Path | None:
    """The folder of providers: that of Terraform's own configuration, or one that it looks into by itself."""
    config = Path(os.environ.get("TF_CLI_CONFIG_FILE") or Path.home() / ".terraformrc")  # noqa: TID251
    named = MIRROR.search(config.read_text(encoding="utf-8")) if config.is_file() else None
    folders = (Path(named[1]), *IMPLIED_MIRRORS) if named else IMPLIED_MIRRORS
    return next((folder for folder in folders if any(folder.glob(f"*/{PROVIDER}/*"))), None)


@functools.cache
def lacking(*, provider: bool = True) -> str | None:
    """What keeps Terraform from running here; None: nothing."""
    if shutil.which("terraform") is None:
        return "terraform is not on the PATH"
    if provider and mirror() is None:
        return f"no mirror with {PROVIDER}: name one in Terraform's configuration (filesystem_mirror)"
    return None


def needs_terraform(*, provider: bool = True) -> pytest.MarkDecorator:
    """Skips a test, and says why, where Terraform or the provider is missing."""
    return pytest.mark.skipif(lacking(provider=provider) is not None, reason=lacking(provider=provider) or "")


@dataclass(frozen=True)
class Copy:
    """A copy of the tree, in which Terraform may write."""

    root: Path

    def run(self, folder: str, *arguments: str, ok: tuple[int, ...] = (0,), **variables: str) -> subprocess.CompletedProcess:
        """Run terraform in `terraform/<folder>`; variables of Terraform come from the environment."""
        environment = {**_plain_environment(), **NOBODY, **variables}
        done = subprocess.run(
            ["terraform", *arguments],
            cwd=self.root / "terraform" / folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=560,
        )
        assert done.returncode in ok, (
            f"terraform {' '.join(arguments)} in {folder}:\n{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
        )
        return done

    def init(self, folder: str, *, provider: bool = True) -> None:
        """Lay out modules and providers, from the mirror alone, and keep the state in the copy."""
        place = self.root / "terraform" / folder
        if (place / "backend.tf").is_file():
            (place / "backend_override.tf").write_text('terraform {\n  backend "local" {}\n}\n', encoding="utf-8")
        self.run(folder, "init", "-input=false", "-no-color", *([f"-plugin-dir={mirror()}"] if provider else []))

    def outputs(self, folder: str) -> dict:
        """Outputs of what was applied."""
        found = json.loads(self.run(folder, "output", "-json").stdout)
        return {name: output["value"] for name, output in found.items()}


def copy_tree(folder: Path) -> Copy:
    """A copy of Terraform's files and of the policy and project files that they read."""
    shutil.copytree(TREE, folder / "terraform", ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
    for part in ("policies", "project.yaml"):
        source, target = ROOT / "expectations" / part, folder / "expectations" / part
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    return Copy(folder)


def _plain_environment() -> dict[str, str]:
    """The environment without what would reach an account, and without colours and questions."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "TF_VAR_"))}  # noqa: TID251
    return {**kept, "TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1"}
