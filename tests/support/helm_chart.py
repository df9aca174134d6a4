"""The chart of `deploy/helm` as Helm renders it, where Helm is installed; nothing reaches a cluster."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from support.terraform_tool import ROOT

CHART = ROOT / "deploy" / "helm" / "lakeward"
EXAMPLES = sorted((CHART / "ci").glob("*-values.yaml"))
# A version of Kubernetes that is still kept; a Helm that was built without one takes itself for 1.20.
KUBERNETES = ("--kube-version", "1.30.0")
needs_helm = pytest.mark.skipif(shutil.which("helm") is None, reason="helm is not on the PATH")


def helm(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["helm", *words], capture_output=True, text=True, check=False, timeout=120)


def rendered(values: Path, *words: str, release: str = "plant") -> list[dict]:
    """All manifests of a release with these values."""
    done = helm("template", release, CHART, *KUBERNETES, "-f", values, *words)
    assert done.returncode == 0, done.stderr
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def refused(*words: str, release: str = "plant") -> str:
    """What Helm says of the least values with these changes, which it must refuse."""
    done = helm("template", release, CHART, *KUBERNETES, "-f", CHART / "ci" / "folder-values.yaml", *words)
    assert done.returncode != 0, done.stdout[:2000]
    return done.stderr


def pods(manifests: list[dict]) -> dict[str, dict]:
    """Component -> the pod of each process, and of the migration."""
    made = [each for each in manifests if each["kind"] in {"Deployment", "Job"}]
    return {each["metadata"]["labels"]["app.kubernetes.io/component"]: each["spec"]["template"]["spec"] for each in made}


def containers(pod: dict) -> Iterator[dict]:
    yield from pod.get("initContainers", ())
    yield from pod["containers"]


def plain_environment(container: dict) -> dict[str, str]:
    """The variables whose values stand in the manifest."""
    return {each["name"]: each["value"] for each in container.get("env", ()) if "value" in each}
