"""Changes of the register of accounts: checks under a lock who may change it, and appends one entry with the author.

The operator of the machine creates the first account. After that a change needs an account with the role `admin`. While no
admin has a valid token, for example because all have expired, the operator may create or renew an admin.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress

from lakeward.core.errors import MachineError, ProtectionError, UsageError
from lakeward.core.spelling import did_you_mean
from lakeward.flows.base.identity import check_mark, read_mark, register_path, session_account, write_mark
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.serving.access import current_account
from lakeward.protection.accounts import ADMIN_ROLE, Account
from lakeward.protection.register import AccountRegister
from lakeward.protection.register_file import change_register

# Checks a change; returns the roles of the account that is added or renewed, on which the operator's right depends.
RegisterCheck = Callable[[AccountRegister], tuple[str, ...]]


def append_entry(
    workspace: Workspace, entry: Mapping[str, object], check: RegisterCheck, *, owner: str | None = None
) -> AccountRegister:
    """Append an entry to the register; returns the new register.

    Args:
        owner: Account whose own token suffices.

    Raises:
        ProtectionError: The author is no admin, the token is not valid, the register is not stored safely, or `check` refuses.
        TransientError: Another change did not end in time.
        MachineError: The register or the lake can't be written.
    """
    file, lake = register_path(workspace), workspace.files

    def change(register: AccountRegister) -> AccountRegister:
        check_mark(workspace, register, read_mark(workspace))
        by, is_verified = _author(workspace, register, owner)
        if ADMIN_ROLE not in check(register) and not is_verified:
            raise ProtectionError("account_operator", role=ADMIN_ROLE)
        head = {"seq": register.content.count(b"\n") + 1, "at": workspace.clock.now().isoformat(timespec="seconds")}
        return register.with_entry({**head, **entry, "by": by, "verified": is_verified})

    write_mark(workspace, None)  # fails before the change if the lake can't be written
    register = change_register(file, lake, change)
    with suppress(MachineError):  # the older mark is still correct, and the token must be shown
        write_mark(workspace, register.mark())
    return register


def open_account(register: AccountRegister, name: str) -> Account:
    """The account of this name that is not revoked.

    Raises:
        UsageError: It does not exist.
        ProtectionError: It is revoked.
    """
    account = register.account(name)
    if account is None:
        names = [each.name for each in register.accounts()]
        raise UsageError("account_unknown", account=ascii(name), close=did_you_mean(name, names) or "-")
    if account.revoked:
        raise ProtectionError("account_revoked", account=name)
    return account


def _author(workspace: Workspace, register: AccountRegister, owned: str | None) -> tuple[str, bool]:
    """The author of a change, and whether a token or a session of the portal verified it.

    Raises:
        ProtectionError: The token is not valid or not an admin's, or it is missing although there are admins; or the session has ended.
    """
    token, session, now = workspace.settings.token, workspace.settings.session, workspace.clock.now()
    if token is not None or session is not None:
        account = register.authenticate(token, now) if token is not None else session_account(workspace, register, session or "")
        if ADMIN_ROLE not in account.roles and account.name != owned:
            raise ProtectionError("account_admin_needed", role=ADMIN_ROLE)
        return account.name, True
    if any(account.is_live_admin(now) for account in register.accounts()):
        raise ProtectionError("account_admin_needed", role=ADMIN_ROLE)
    return f"os:{current_account()}", False
