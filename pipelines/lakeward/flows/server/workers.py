"""The workers: started when one is needed, capped in number, ended when idle, and replaced when they die."""

import threading
import time
from collections import deque
from dataclasses import replace

from lakeward.contracts.server_limits import ServerLimits
from lakeward.core.errors import TransientError
from lakeward.core.names import sha256
from lakeward.core.settings import Settings
from lakeward.flows.base.locked_folder import LockedFolder
from lakeward.flows.server.faults import LOG
from lakeward.flows.server.sessions import ReaderSession
from lakeward.flows.server.worker_process import START_SECONDS, Worker, WorkerKey, start_worker, worker_key
from lakeward.flows.server.worker_spec import WorkerSpec

# Beginning of the names of the folders of sockets.
SOCKETS = "lakeward-server-"
# Seconds to wait after the first death, which double up to the longest.
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 30.0
# Deaths in so many seconds after which no further worker is started for these readers.
_DEATHS, _DEATH_SECONDS = 5, 60.0
# Places for checks of statements, besides those for statements that run.
_CHECK_LANES = 2


class WorkerPool:
    """The workers of one gateway, by what they answer.

    Args:
        settings: Those of the server, without a token.
    """

    def __init__(self, settings: Settings, limits: ServerLimits) -> None:
        self._settings, self._limits = replace(settings, token=None, purpose=None), limits
        # Only processes of this user reach the sockets.
        self._folder = LockedFolder(SOCKETS)
        self._changed = threading.Condition()
        self._workers: dict[WorkerKey, Worker | None] = {}  # None: one is starting
        self._leaving: list[Worker] = []  # that end with their last call
        self._deaths: dict[tuple[str, str, str, str | None], deque[float]] = {}
        self._number, self._is_closed = 0, False

    def take(self, session: ReaderSession) -> Worker:
        """The worker of a session, to be given back by `give_back`.

        Raises:
            TransientError: All workers are in use, or this one died and is not started again yet.
            ProtectionError, MachineError: It could not be started.
        """
        key = worker_key(session)
        with self._changed:
            self._changed.wait_for(lambda: self._workers.get(key, True) is not None, START_SECONDS)
            found = self._workers.get(key)
            has_grown = bool(found and found.is_alive and self._has_grown(found))
            if found and found.is_alive and not has_grown:
                found.users += 1
                return found
            if found and not has_grown:
                self._count_death(found)
            self._check_deaths(key)
            evicted = self._replace(found) if found and has_grown else self._make_room(key)
            self._workers[key] = None
            self._number += 1
            number = self._number
        if evicted:
            evicted.close()
        return self._start(key, session, number)

    def give_back(self, worker: Worker) -> None:
        """A call has ended. A dead worker is forgotten."""
        with self._changed:
            worker.users -= 1
            worker.last_used = time.monotonic()
            if not worker.is_alive and self._workers.get(worker.key) is worker:
                self._count_death(worker)
            is_over = worker in self._leaving and not worker.users
            if is_over:
                self._leaving.remove(worker)
        if is_over:
            worker.close()

    def sweep(self, stamp: str) -> None:
        """End workers that are idle, or answer by what has changed since."""
        now = time.monotonic()
        with self._changed:
            found = [
                worker
                for worker in self._workers.values()
                if worker
                and not worker.users
                and (worker.key.stamp != stamp or now - worker.last_used > self._limits.idle_seconds)
            ]
            for worker in found:
                del self._workers[worker.key]
        for worker in found:
            worker.close()

    def process_ids(self) -> list[int]:
        """Ids of the processes of the workers."""
        with self._changed:
            return [worker.process.pid for worker in (*self._workers.values(), *self._leaving) if worker]

    def close(self) -> None:
        """End all workers."""
        with self._changed:
            self._is_closed = True
            workers = [worker for worker in (*self._workers.values(), *self._leaving) if worker]
            self._workers.clear()
            self._leaving.clear()
        for worker in workers:
            worker.close()
        self._folder.delete()

    def _has_grown(self, worker: Worker) -> bool:
        """Whether it holds more than its statements can: DuckDB's Delta extension frees nothing of how it chose files (its issue 279)."""
        return worker.bytes_since_start > self._limits.worker_megabytes * 1_000_000

    def _replace(self, worker: Worker) -> Worker | None:
        """Let another one take its place; returns it if it can end now."""
        LOG.info(
            "worker of role %s is replaced: it holds %d MB more than at its start",
            worker.key.role,
            worker.bytes_since_start // 1_000_000,
        )
        if not worker.users:
            return worker
        self._leaving.append(worker)
        return None

    def _make_room(self, key: WorkerKey) -> Worker | None:
        """The idle worker that has to go for another one; None if there is room."""
        if self._is_closed:
            raise TransientError("server_stopping")
        self._workers.pop(key, None)
        if len(self._workers) < self._limits.workers:
            return None
        idle = [worker for worker in self._workers.values() if worker and not worker.users]
        if not idle:
            raise TransientError("server_workers_busy", expected=self._limits.workers)
        oldest = min(idle, key=lambda worker: worker.last_used)
        del self._workers[oldest.key]
        return oldest

    def _start(self, key: WorkerKey, session: ReaderSession, number: int) -> Worker:
        made: Worker | None = None
        try:
            made = start_worker(key, self._spec(key, number))
            if made.policy_sha256 != sha256(session.reader.principal.policy.text.encode()):
                raise TransientError("server_changed")
            made.users = 1
        finally:
            with self._changed:
                del self._workers[key]
                if made and made.users and not self._is_closed:
                    self._workers[key] = made
                self._changed.notify_all()
            if made and self._workers.get(key) is not made:
                made.close()
        return made

    def _spec(self, key: WorkerKey, number: int) -> WorkerSpec:
        return WorkerSpec(
            settings=self._settings,
            socket=str(self._folder.path / f"{number}.sock"),
            role=key.role,
            purpose=key.purpose,
            party=key.party,
            account=key.account,
            megabytes=self._limits.worker_megabytes,
            lanes=self._limits.all_statements + _CHECK_LANES,
        )

    def _count_death(self, worker: Worker) -> None:
        """Forget a dead worker; called with the lock held."""
        self._workers.pop(worker.key, None)
        deaths = self._deaths.setdefault(worker.key.readers, deque(maxlen=_DEATHS))
        deaths.append(time.monotonic())
        LOG.warning("worker of role %s ended with %s", worker.key.role, worker.process.returncode)
        threading.Thread(target=worker.close, daemon=True).start()

    def _check_deaths(self, key: WorkerKey) -> None:
        """Check that a worker may be started again.

        Raises:
            TransientError: It died too often, or a moment ago.
        """
        now = time.monotonic()
        recent = [at for at in self._deaths.get(key.readers, ()) if now - at < _DEATH_SECONDS]
        if len(recent) >= _DEATHS:
            raise TransientError("server_worker_closed", role=key.role, expected=_DEATHS, seconds=int(_DEATH_SECONDS))
        if recent and now - recent[-1] < min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** (len(recent) - 1)):
            raise TransientError("server_worker_lost")
