"""Commands for accounts. A token is printed once, only to the standard output, and is never an argument."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lakeward import flows
from lakeward.cli.render import Json, print_json, print_message, print_table, settings_of
from lakeward.core.messages import text

if TYPE_CHECKING:
    from lakeward.core.settings import Settings
    from lakeward.flows import IssuedToken

Name = Annotated[str, typer.Argument(help="Account · 账号")]
Days = Annotated[int, typer.Option("--days", help="Days until the token expires · 令牌有效天数")]
COLUMNS = ("account", "person", "roles", "purposes", "party", "state", "token_id", "expires_at", "changed_at", "changed_by")
# `TOKEN_DAYS` of the flows; repeated here because help must not import them.
DEFAULT_DAYS = 90
# `OWN_PARTY` of the flows, as above.
OWN_PARTY = "own"


def add(  # noqa: PLR0913 - the options of a command are its arguments
    context: typer.Context,
    name: Name,
    *,
    person: Annotated[str, typer.Option("--person", help="Owner of the account · 账号所属人员")],
    role: Annotated[list[str], typer.Option("--role", help="Role, or admin; may be repeated · 角色或 admin，可重复")],
    purpose: Annotated[list[str] | None, typer.Option("--purpose", help="Purpose; may be repeated · 用途，可重复")] = None,
    party: Annotated[str, typer.Option("--party", help="Party of the policy; default: own · 所属方，默认为本单位")] = OWN_PARTY,
    days: Days = DEFAULT_DAYS,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    purposes = tuple(purpose or ())
    new = flows.NewAccount(name=name, person=person, roles=tuple(role), purposes=purposes, party=party, days=days)
    print_token(settings, flows.add_account(settings, new), as_json=as_json)


def list_(context: typer.Context, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    found = flows.list_accounts(settings)
    if as_json:
        print_json(found)
    elif found:
        print_table(settings.lang, "title_accounts", found, COLUMNS)
    else:
        print_message(settings.lang, "accounts_none")


def revoke(context: typer.Context, name: Name) -> None:
    settings = settings_of(context)
    account = flows.revoke_account(settings, name)
    print_message(settings.lang, "account_closed", account=account.account, by=account.changed_by)


def rotate(context: typer.Context, name: Name, *, days: Days = DEFAULT_DAYS, as_json: Json = False) -> None:
    settings = settings_of(context)
    print_token(settings, flows.rotate_token(settings, name, days), as_json=as_json)


def password(
    context: typer.Context,
    name: Name,
    *,
    prompt: Annotated[bool, typer.Option("--prompt", help="Ask for a password of your own · 输入自选密码")] = False,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    chosen = typer.prompt(text("password_prompt", settings.lang), hide_input=True, confirmation_prompt=True) if prompt else None
    found = flows.set_password(settings, name, chosen)
    if as_json:
        print_json(found)
    elif found.password is None:
        print_message(settings.lang, "password_changed", account=found.account, by=found.changed_by)
    else:
        print_message(settings.lang, "password_shown", account=found.account, password=found.password)


def print_token(settings: Settings, issued: IssuedToken, *, as_json: bool) -> None:
    """Print a new token; it can't be shown again."""
    if as_json:
        print_json(issued)
        return
    print_message(settings.lang, "account_token", account=issued.account, expires_at=issued.expires_at, token=issued.token)
