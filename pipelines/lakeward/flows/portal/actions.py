"""What people do in the portal: actions signed by their session, one at a time, and long reads of the lake beside them."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import TypeVar

from lakeward.core.settings import Settings
from lakeward.engines.delta.dataset_lock import is_locked
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.portal.logins import Logins

# Seconds that conditions and expressions of a form may take: others wait meanwhile.
EXPRESSION_SECONDS = 30.0
# Looks for locks at once, each of which is a request in an object store.
_LOOKS = 8
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningAction:
    """An action that has not ended.

    Args:
        account: Whose session signed it.
        started_at: Time at which it began.
    """

    account: str
    started_at: datetime


class PortalActions:
    """The actions of one portal.

    Args:
        refresh: Takes over what an action changed.
        running: The action that runs now; None for none.
        expression_seconds: Seconds that conditions and expressions of a form may take.
    """

    def __init__(self, workspace: Workspace, logins: Logins, refresh: Callable[[], object]) -> None:
        self._workspace, self._logins, self._refresh = workspace, logins, refresh
        self._acting, self._reading = Lock(), Lock()
        self.running: RunningAction | None = None
        self.expression_seconds = EXPRESSION_SECONDS

    def session_settings(self, session_id: str) -> Settings:
        """The settings of what a session asks for, without a change of the lake.

        Args:
            session_id: Id of the session that signs.
        """
        return replace(self._workspace.settings, session=session_id, expression_seconds=self.expression_seconds)

    @contextmanager
    def act(self, session_id: str) -> Iterator[Settings]:
        """The settings of an action, signed by a session; one action at a time, and what it changed is taken over at its end.

        Args:
            session_id: Id of the session that signs.
        """
        with self._acting:
            user = self._logins.user_of(session_id)
            self.running = RunningAction(account=user.account, started_at=self._workspace.clock.now()) if user else None
            try:
                yield self.session_settings(session_id)
            finally:
                self.running = None
                self._refresh()

    def read_alone(self, read: Callable[[], T]) -> T:
        """The result of a long read of the lake; one at a time."""
        with self._reading:
            return read()

    def locked_datasets(self) -> list[str]:
        """The datasets that a run works on now; of a lake in an object store also those of other machines.

        Raises:
            MachineError: The object store can't be reached, or refuses.
        """
        lake, names = self._workspace.lake, self._workspace.project.datasets()
        with ThreadPoolExecutor(_LOOKS) as pool:
            held = list(pool.map(lambda name: is_locked(lake, lake.names.stored_name(name)), names))
        return [name for name, is_held in zip(names, held, strict=True) if is_held]
