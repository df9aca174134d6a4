"""Passwords of accounts: set in the register of accounts, by the account itself or an admin."""

from dataclasses import dataclass, field

from lakeward.core.settings import Settings
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.operations.account_changes import append_entry, open_account
from lakeward.protection.accounts import AccountEvent
from lakeward.protection.passwords import check_new_password, hash_password, new_password


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordSet:
    """A password that was set for the portal.

    Args:
        account: Name of the account.
        password: The password if it was generated, which is shown only once; None if the caller gave it.
        changed_by: Who set it: an account, or `os:NAME` for the operator of the machine.
    """

    account: str
    password: str | None = field(repr=False)
    changed_by: str

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward account password --json`."""
        return fields_of(self)


def set_password(settings: Settings, name: str, password: str | None = None) -> PasswordSet:
    """Set the password with which an account logs in to the portal; its sessions end. Allowed for admins and the account itself.

    Args:
        password: None to generate one.

    Raises:
        UsageError: The account does not exist, or the password is too short, too long or too simple.
        ProtectionError: The caller is neither the account nor an admin, the account is revoked, or the register is not stored safely.
        TransientError: Another change did not end in time.
        MachineError: The register can't be written, or the extra `portal` is not installed.
    """
    workspace = open_workspace(settings)
    chosen = new_password() if password is None else password
    check_new_password(chosen, name)
    entry = {"event": AccountEvent.PASSWORD, "account": name, "password": hash_password(chosen)}
    account = append_entry(workspace, entry, lambda register: open_account(register, name).roles, owner=name).account(name)
    assert account is not None
    return PasswordSet(account=name, password=chosen if password is None else None, changed_by=account.changed_by)
