"""A stamp of all that answers depend on besides the rows: policy, contracts, grades, keys, and which tables exist."""

import threading
import time
from collections.abc import Iterator

from lakeward.contracts.project import PROJECT_FILE
from lakeward.core.names import sha256
from lakeward.flows.base.policy_file import POLICY_FILE
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.server.lake_stamp import lake_parts
from lakeward.protection.register_file import file_stamp

# A stamp holds for as many times of what it took, and for so many seconds at most.
_TIMES, _LONGEST = 20, 1.0


class Freshness:
    """Makes the stamp of a project and its lake."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock, self._stamp, self._until = threading.Lock(), "", 0.0

    def stamp(self) -> str:
        """The stamp, at most a second old; another one where anything of it changed.

        Raises:
            MachineError: The lake's object store can't be reached, or refuses.
        """
        with self._lock:
            start = time.monotonic()
            if start >= self._until:
                self._stamp = sha256(repr(list(self._parts())).encode())
                end = time.monotonic()
                self._until = end + min(_LONGEST, _TIMES * (end - start))
            return self._stamp

    def _parts(self) -> Iterator[object]:
        workspace = self._workspace
        project, settings, names = workspace.project, workspace.settings, workspace.lake.names
        for file in (PROJECT_FILE, POLICY_FILE):
            yield file_stamp(project.root / file)
        for key in (settings.token_key_file, settings.wrapping_key_file):
            yield key and file_stamp(key)
        datasets = project.datasets()
        for name in datasets:
            yield name, file_stamp(project.contract_path(name))
        yield from lake_parts(workspace.lake, [names.stored_name(name) for name in datasets])
