"""Accounts in a project's register, and the settings of who holds their tokens; and changes made in processes of their own."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lakeward.core.settings import Settings
from lakeward.flows import NewAccount, add_account
from lakeward.protection.access_tokens import AccessToken, new_access_token
from lakeward.protection.register import AccountRegister

ADMIN = NewAccount(name="zhou.min", person="周敏 10001", roles=("admin",))
STEWARD = NewAccount(name="wang.fang", person="Wang Fang", roles=("steward",))
OTHER_STEWARD = NewAccount(name="chen.jie", person="陈杰 10044", roles=("steward", "analyst"))
ANALYST = NewAccount(name="li.wei", person="Li Wei", roles=("analyst",))
NOW = datetime(2026, 3, 2, 6, tzinfo=UTC)


def with_token(settings: Settings, token: str) -> Settings:
    """The settings of whoever holds this token."""
    return replace(settings, token=token)


def make_accounts(settings: Settings, *new: NewAccount) -> dict[str, Settings]:
    """A register with an admin and these accounts; each with the settings of its owner, by name."""
    admin = with_token(settings, add_account(settings, ADMIN).token)
    return {ADMIN.name: admin} | {one.name: with_token(settings, add_account(admin, one).token) for one in new}


def entry(event: str, account: str, token: AccessToken | None = None, **cells: object) -> dict[str, object]:
    """An entry as the register has it; with a token that lives a day."""
    head = {"seq": 1, "at": NOW.isoformat(), "event": event, "account": account}
    person = {"person": account, "roles": ["analyst"], "purposes": []} if event == "add" else {}
    made = {"token": token.id, "sha256": token.sha256, "expires": (NOW + timedelta(days=1)).isoformat()} if token else {}
    return {**head, **person, **made, **cells, "by": "os:root", "verified": False}


def large_register(accounts: int) -> tuple[AccountRegister, AccessToken]:
    """A register of so many accounts, and the token of the one in the middle."""
    tokens = [new_access_token() for _ in range(accounts)]
    first = AccountRegister("register")
    lines = [first.with_entry(entry("add", f"user{number}", token)).content for number, token in enumerate(tokens)]
    # Of a whole file the last hash is looked at: to make all of them takes minutes.
    whole = AccountRegister("register", b"".join(lines)).with_entry(entry("add", "last.user", new_access_token()))
    return whole, tokens[accounts // 2]


def add_in_process(start: str, token: str, names: list[str]) -> list[str]:
    """Add accounts in a process of its own; the tokens that were shown."""
    admin = with_token(Settings(start=Path(start)), token)
    return [add_account(admin, replace(ANALYST, name=name)).token for name in names]


def add_until_killed(start: str, token: str, prefix: str, shown: str) -> None:
    """Add accounts for ever, and write down each token as soon as it is shown."""
    admin = with_token(Settings(start=Path(start)), token)
    with Path(shown).open("a", encoding="ascii", buffering=1) as file:
        file.writelines(
            add_account(admin, replace(ANALYST, name=f"{prefix}{number}")).token + "\n" for number in itertools.count()
        )
