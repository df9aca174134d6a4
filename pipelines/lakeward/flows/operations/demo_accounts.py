"""Accounts of each role for the portal of the demo, with new passwords at each start, which are shown once."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.identity import open_register
from lakeward.flows.base.replace_file import replace_file
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.operations.accounts import NewAccount, add_account, rotate_token
from lakeward.flows.operations.passwords import set_password
from lakeward.protection.accounts import ADMIN_ROLE

# Beside the register, which the token of its admin can change: a demo project holds no data of anyone.
TOKEN_FILE = Path(".lakeward") / "demo.token"
ADMIN = "demo.admin"
# Name of an account -> its owner and role.
ACCOUNTS: Mapping[str, tuple[str, str]] = {
    ADMIN: ("Demo Admin", ADMIN_ROLE),
    "demo.cdo": ("Demo CDO", "cdo"),
    "demo.steward": ("Demo Steward", "steward"),
    "demo.engineer": ("Demo Engineer", "engineer"),
    "demo.analyst": ("Demo Analyst", "analyst"),
    "demo.auditor": ("Demo Auditor", "auditor"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoLogin:
    """An account of the demo.

    Args:
        account: Name of the account.
        role: Its role.
        password: Its password, which is shown only once.
    """

    account: str
    role: str
    password: str = field(repr=False)

    def as_dict(self) -> dict[str, object]:
        """`account, role, password`."""
        return fields_of(self)


def make_demo_accounts(settings: Settings) -> tuple[DemoLogin, ...]:
    """Make the accounts of the demo in its project, or give them new passwords.

    Raises:
        UsageError: The project has accounts of its own.
        ProtectionError, TransientError, MachineError: As `add_account`.
    """
    workspace = open_workspace(replace(settings, token=None))
    known = {account.name for account in open_register(workspace).accounts()}
    if known - ACCOUNTS.keys():
        raise UsageError("demo_has_accounts", project=workspace.project.name)
    admin = _admin(workspace.settings, workspace.project.root / TOKEN_FILE, is_new=ADMIN not in known)
    for name, (person, role) in ACCOUNTS.items():
        if name not in {*known, ADMIN}:
            add_account(admin, NewAccount(name=name, person=person, roles=(role,)))
    return tuple(
        DemoLogin(account=name, role=role, password=set_password(admin, name).password or "")
        for name, (_, role) in ACCOUNTS.items()
    )


def _admin(settings: Settings, file: Path, *, is_new: bool) -> Settings:
    """The settings of the demo's admin, whose token lies in a file of its owner alone."""
    if is_new:
        person, role = ACCOUNTS[ADMIN]
        token = add_account(settings, NewAccount(name=ADMIN, person=person, roles=(role,))).token
    elif file.is_file():
        return replace(settings, token=file.read_text(encoding="ascii").strip())
    else:
        token = rotate_token(settings, ADMIN).token
    file.touch(mode=0o600)
    file.chmod(0o600)
    replace_file(file, token)
    return replace(settings, token=token)
