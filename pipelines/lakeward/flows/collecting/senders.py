"""Accounts of the HTTP door's senders, by their tokens. A token is proved again when the register has changed."""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from threading import Lock

from lakeward.core.clock import Clock, SystemClock
from lakeward.core.errors import ProtectionError
from lakeward.core.settings import Settings
from lakeward.flows.base.identity import Identity, IdentityWatch, identify
from lakeward.flows.base.workspace import open_workspace

# Senders whose proof is kept.
_KEPT = 1000


@dataclass(slots=True)
class SenderAccounts:
    """Names the account of a token. Safe for several threads."""

    settings: Settings
    clock: Clock = field(default_factory=SystemClock)
    _proved: OrderedDict[str, tuple[Identity, IdentityWatch]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def account_of(self, token: str) -> str:
        """Name of the account that the token proves.

        Raises:
            ProtectionError: It proves none, or no longer.
            MachineError: The register can't be read.
        """
        key = hashlib.sha256(token.encode()).hexdigest()
        with self._lock:
            identity, watch = self._proved.get(key) or self._prove(token)
            try:
                watch.check(self.clock.now())
            except ProtectionError:
                self._proved.pop(key, None)
                raise
            self._proved[key] = identity, watch
            self._proved.move_to_end(key)
            if len(self._proved) > _KEPT:
                self._proved.popitem(last=False)
        return identity.name

    def _prove(self, token: str) -> tuple[Identity, IdentityWatch]:
        workspace = open_workspace(settings_of_sender(self.settings, token))
        identity = identify(workspace)
        return identity, IdentityWatch(workspace, identity)


def settings_of_sender(settings: Settings, token: str) -> Settings:
    """The settings of who holds the token."""
    return replace(settings, token=token, session=None)
