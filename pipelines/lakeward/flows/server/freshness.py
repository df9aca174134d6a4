"""A stamp of all that answers depend on besides the rows: policy, contracts, grades, keys, and which tables exist."""

import os
import threading
import time
from collections.abc import Iterator

from lakeward.contracts.project import PROJECT_FILE
from lakeward.core.names import sha256
from lakeward.flows.base.policy_file import POLICY_FILE
from lakeward.flows.base.workspace import Workspace
from lakeward.protection.register_file import file_stamp

# Governance tables that decide on grades, keys and columns.
_TABLES = (*("grade_proposals", "grade_decisions", "grade_approvals", "transform_checks", "key_decisions", "keys", "contracts"),)
# A transform's check holds for the batches that it saw.
_CHECKS, _BATCHES = "transform_checks", "batches"
# A stamp holds for as many times of what it took, and for so many seconds at most.
_TIMES, _LONGEST = 20, 1.0


class Freshness:
    """Makes the stamp of a project and its lake."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace, self._lake = workspace, workspace.files
        self._lock, self._stamp, self._until = threading.Lock(), "", 0.0

    def stamp(self) -> str:
        """The stamp, at most a second old; another one where anything of it changed."""
        with self._lock:
            start = time.monotonic()
            if start >= self._until:
                self._stamp = sha256(repr(list(self._parts())).encode())
                end = time.monotonic()
                self._until = end + min(_LONGEST, _TIMES * (end - start))
            return self._stamp

    def _parts(self) -> Iterator[object]:
        project, settings = self._workspace.project, self._workspace.settings
        for file in (PROJECT_FILE, POLICY_FILE):
            yield file_stamp(project.root / file)
        for key in (settings.token_key_file, settings.wrapping_key_file, self._lake / ".keys"):
            yield key and file_stamp(key)
        governance = self._lake / "governance"
        for name in _TABLES:
            yield file_stamp(governance / name / "_delta_log")
        if (governance / _CHECKS).exists():
            yield file_stamp(governance / _BATCHES / "_delta_log")
        for name in project.datasets():
            yield name, file_stamp(project.contract_path(name)), self._layers_of(name)

    def _layers_of(self, name: str) -> list[bool]:
        return [os.path.exists(self._lake / layer / name / "_delta_log") for layer in ("silver", "gold")]  # noqa: PTH110 -- quicker
