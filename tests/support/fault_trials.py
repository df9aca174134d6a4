"""Tries of one flow under faults: prepared once, copied for each try, and compared with a run that nothing disturbed."""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from lakeward.core.errors import LakewardError
from support.fault_proxy import Faults, schedules
from support.faulty_flows import FLOWS, FolderPlant
from support.object_stores import BUCKET
from support.remote_plant import RemotePlant

# Seconds before a client repeats a request: what it does then is the same after a shorter wait.
_WAIT = 0.005


class FlowTrial:
    """A flow that is tried.

    Args:
        folder: Folder of its own.
        bucket: Folder in which the store keeps its objects as files with attributes; copied as such.
        upstream: Address of the store.
        address: Address of the proxy before it.
    """

    def __init__(self, name: str, folder: Path, bucket: Path, upstream: str, address: str, faults: Faults) -> None:
        self.flow, self._name, self._folder, self._bucket = FLOWS[name], name, folder, bucket
        self._upstream, self._address, self._faults, self._number = upstream, address, faults, 0
        template = self._plant(f"{name}-template", upstream)
        self.flow.make(template.root)
        self.flow.prepare(template)
        (folder / "work").rename(folder / "template")
        self.requests, self.expected = {}, {}
        for is_cold in (False, True):
            with self._copied(is_cold=is_cold) as plant:
                self._faults.reset()
                self.flow.act(plant)
                self.requests[is_cold] = len(self._faults.seen)
                self.expected[is_cold] = self._state(plant)

    def schedules(self, seed: int, seeds: int) -> Iterator[tuple[bool, tuple[int, str, int]]]:
        """Whether the machine has no copies, and the fault: of so many seeds together each request meets one, with copies and without."""
        is_cold, first = bool(seed % 2), seed // 2
        ((_, kind, length),) = schedules(seed, 1, 1)
        count = self.requests[is_cold]
        for number in range(first, max(count, first + 1), seeds // 2):
            yield is_cold, (number % count + 1, kind, length)

    def left_after(self, schedule: tuple[int, str, int], *, is_cold: bool) -> tuple[object, str]:
        """What is left after the flow met the fault and, where it ended in an error, was run again; and that error's code."""
        with self._copied(is_cold=is_cold) as plant:
            self._faults.reset(*schedule)
            ended = ""
            try:
                self.flow.act(plant)
            except LakewardError as error:
                ended = error.code
            self._faults.reset()
            if ended:
                self.flow.act(plant)
            return self._state(plant), ended

    def _state(self, plant: RemotePlant | FolderPlant) -> object:
        """What is left, asked past the proxy."""
        return self.flow.state(replace(plant, endpoint=self._upstream))

    @contextmanager
    def _copied(self, *, is_cold: bool) -> Iterator[RemotePlant | FolderPlant]:
        """A copy of the prepared project at the same folder, with its objects below a prefix of its own."""
        self._number += 1
        work, prefix = self._folder / "work", f"{self._name}-{self._number}"
        shutil.copytree(self._folder / "template", work)
        stored = self._bucket / f"{self._name}-template"
        if stored.exists():
            shutil.copytree(stored, self._bucket / prefix)
        plant = self._plant(prefix, self._address)
        self._move_copies(plant, is_cold=is_cold)
        try:
            yield plant
        finally:
            shutil.rmtree(work)
            shutil.rmtree(self._bucket / prefix, ignore_errors=True)

    def _move_copies(self, plant: RemotePlant | FolderPlant, *, is_cold: bool) -> None:
        """What this machine knows of the lake lies under the URL's hash; a cold one knows nothing."""
        known = plant.root / ".lakeward" / "lakes"
        if is_cold:
            shutil.rmtree(known, ignore_errors=True)
        elif (known / _folder_of(f"{self._name}-template")).exists():
            (known / _folder_of(f"{self._name}-template")).rename(known / _folder_of(plant.prefix))

    def _plant(self, prefix: str, endpoint: str) -> RemotePlant | FolderPlant:
        kind = RemotePlant if self.flow.at_url else FolderPlant
        return kind(self._folder / "work" / "plant", endpoint, prefix, _WAIT)


def _folder_of(prefix: str) -> str:
    """Name of the folder in which a machine keeps what it knows of the lake below this prefix."""
    return hashlib.sha256(f"s3://{BUCKET}/{prefix}".encode()).hexdigest()[:16]
