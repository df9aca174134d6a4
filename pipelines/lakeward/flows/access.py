"""The access log: who asked for what, and what came of it. An entry is committed before the rows leave; without it none do."""

import json
import os
import pwd
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from lakeward.core.clock import Clock
from lakeward.core.errors import LakewardError
from lakeward.core.names import new_run_id, sha256
from lakeward.engines.protocols import Engine, Txn
from lakeward.flows import governance


@dataclass
class AccessLog:
    """The entries of one session.

    Args:
        policy: Text of the policy.
        seq: Entries so far.
    """

    engine: Engine
    clock: Clock
    role: str
    policy: str
    key_id: str | None
    session_id: str = field(default_factory=new_run_id)
    seq: int = 0

    def write(
        self, text: str, asked_at: datetime, objects: Collection[str], *, rows: int = 0, verdict: str, code: str | None = None
    ) -> None:
        """Commit one entry.

        Raises:
            StoreConflictError: Others kept committing first.
            MachineError: The lake can't be written.
        """
        self.seq += 1
        row = {
            "session_id": self.session_id,
            "seq": self.seq,
            "account": account(),
            "role": self.role,
            "query_sha256": sha256(text.encode("utf-8", "surrogatepass")),
            "objects": json.dumps(sorted(objects)),
            "verdict": verdict,
            "code": code,
            "rows_out": rows,
            "policy_sha256": sha256(self.policy.encode()),
            "key_id": self.key_id,
            "asked_at": asked_at,
            "logged_at": self.clock.now(),
        }
        governance.record(self.engine, "access_log", [row], Txn(f"access/{self.session_id}", self.seq))


def account() -> str:
    """The operating system's name of who runs this process, or its number where it has no name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def verdict_of(error: LakewardError | None) -> str:
    """How the log calls the end of a query that was let through."""
    return "allowed" if error is None else "failed"
