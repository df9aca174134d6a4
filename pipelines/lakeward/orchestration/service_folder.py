"""The folder of Airflow's processes on this machine: state, logs, secrets, and the passwords of the accounts."""

import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lakeward.core.settings import Settings
from lakeward.flows import list_accounts

# Role of Lakeward -> of Airflow; a role that is not listed may look.
ROLES = {"admin": "admin", "engineer": "op", "steward": "user"}
ROLE_ORDER = ("admin", "op", "user", "viewer")
# Where there are no accounts.
FIRST_USER = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFolder:
    """The folder of one installation: state, logs, secrets and passwords; readable by its owner alone."""

    folder: Path

    @property
    def passwords(self) -> Path:
        """File of the passwords, by account."""
        return self.folder / "passwords.json"

    def make(self) -> None:
        """Create it."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (self.folder / "logs").mkdir(exist_ok=True)

    def keys(self) -> dict[str, str]:
        """Airflow's three secrets, the same at each start; fernet's is 32 bytes in 44 characters of base64."""
        made = {name: secrets.token_urlsafe(64) for name in ("AIRFLOW__API__SECRET_KEY", "AIRFLOW__API_AUTH__JWT_SECRET")}
        made["AIRFLOW__CORE__FERNET_KEY"] = secrets.token_urlsafe(32) + "="
        return _kept(self.folder / "keys.json", made)

    def users(self, names: Sequence[str]) -> dict[str, str]:
        """Account -> its password, the same at each start."""
        return _kept(self.passwords, {name: secrets.token_urlsafe(15) for name in names})


def airflow_users(settings: Settings) -> dict[str, str]:
    """Account -> Airflow's role: the accounts of the register that are in force; `admin` where there are none."""
    active = [account for account in list_accounts(settings) if account.state == "active"]
    roles = {a.account: [ROLES.get(role, ROLE_ORDER[-1]) for role in a.roles] or [ROLE_ORDER[-1]] for a in active}
    return {name: min(found, key=ROLE_ORDER.index) for name, found in roles.items()} or {FIRST_USER: "admin"}


def _kept(file: Path, wanted: Mapping[str, str]) -> dict[str, str]:
    """What the file holds of these names; what it lacks is added. Only its owner can read it."""
    known = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    kept = {name: known.get(name, value) for name, value in wanted.items()}
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as opened:
        json.dump(kept, opened)
    return kept
