"""The table of all commands and their modules. Help texts come in the reader's language; each has an example.

A command's module is imported only when the command is named: the help of all commands needs only names and texts.
"""

from typing import Annotated

import typer

from lakeward import __version__
from lakeward.cli.lazy import CommandGroup, LazyCommand
from lakeward.core.messages import Lang, text

# Options of every command; they can be anywhere on the line, so they are removed before the command is parsed.
GLOBAL = ("--project", "--lang")
# The same, without a value.
VERBOSE = ("--verbose", "-v")
SHOW_UTC = "--utc"
# Command -> its module in this package, and its function. A test loads them all.
COMMANDS = {
    "demo": "demo:demo",
    "init": "datasets:init",
    "new": "datasets:new",
    "run": "datasets:run",
    "collect": "collect:collect",
    "rebuild": "datasets:rebuild",
    "status": "status:status",
    "tables": "inspect:tables",
    "verdicts": "inspect:verdicts",
    "explain": "inspect:explain",
    "history": "history:history",
    "suggest": "suggest:suggest",
    "check": "check:check",
    "query": "serve:query",
    "serve": "server:serve",
    "anonymity": "anonymity:anonymity",
    "export": "export:export",
    "trace": "export:trace",
    "assess": "assess:assess",
    "score": "score:score",
    "cost": "cost:cost",
    "portal": "portal:portal",
    "subscribe": "notice:subscribe",
    "maintain": "maintain:maintain",
    "restore": "backup:restore",
    "migrate": "migrate:migrate",
    "doctor": "inspect:doctor",
    "completion": "completion:completion",
}
GROUPS = {
    "quarantine": {
        "list": "quarantine:list_",
        "figures": "quarantine:figures",
        "show": "quarantine:show",
        "repair": "quarantine:repair",
        "replay": "quarantine:replay",
        "release": "quarantine:release",
        "expire": "quarantine:expire",
    },
    "grade": {
        "list": "grade:list_",
        "run": "grade:run",
        "confirm": "grade:confirm",
        "override": "grade:override",
        "approve": "grade:approve",
        "tables": "grade:tables",
        "tasks": "grade:tasks",
        "reopen": "grade:reopen",
        "rules": "grade:rules",
    },
    "incident": {
        "open": "incident:open_",
        "list": "incident:list_",
        "state": "incident:state",
        "scope": "incident:scope",
        "report": "incident:report",
        "close": "incident:close",
        "drill": "incident:drill",
    },
    "contract": {
        "lint": "contracts:lint",
        "diff": "contracts:diff",
        "adopt": "contracts:adopt",
        "confirm-key": "contracts:confirm_key",
        "rename": "contracts:rename",
        "retire": "contracts:retire",
    },
    "lineage": {
        "show": "inspect:lineage",
        "impact": "lineage:impact",
        "audit": "lineage:audit",
        "import": "lineage:import_",
        "restore": "lineage:restore",
    },
    "catalogue": {
        "list": "catalogue:list_",
        "draft": "catalogue:draft",
        "file": "catalogue:file",
        "answer": "catalogue:answer",
        "export": "catalogue:export",
    },
    "backup": {"create": "backup:create", "list": "backup:list_", "verify": "backup:verify", "prune": "backup:prune"},
    "maturity": {
        "show": "maturity:show",
        "gaps": "maturity:gaps",
        "trend": "maturity:trend",
        "export": "maturity:export",
        "import": "maturity:import_",
    },
    "asset": {
        "list": "asset:list_",
        "concepts": "asset:concepts",
        "decide": "asset:decide",
        "rights": "asset:rights",
        "review": "asset:review",
        "disclose": "asset:disclose",
    },
    "risk": {
        "assess": "risk:assess",
        "answer": "risk:answer",
        "assign": "risk:assign",
        "treat": "risk:treat",
        "final": "risk:final",
        "report": "risk:report",
    },
    "scorecard": {"build": "scorecard:build", "open": "scorecard:open_"},
    "spark": {"setup": "spark:setup"},
    "airflow": {"config": "airflow:config", "pools": "airflow:pools", "up": "airflow:up"},
    "notice": {"list": "notice:list_", "send": "notice:send", "end": "notice:end"},
    "account": {
        "add": "account:add",
        "list": "account:list_",
        "revoke": "account:revoke",
        "rotate": "account:rotate",
        "password": "account:password",
    },
    "access": {
        "list": "access:list_",
        "logins": "access:logins",
        "report": "access:report",
        "exports": "access:exports",
        "watch": "access:watch",
        "findings": "access:findings",
        "close": "access:close",
        "seal": "access:seal",
        "verify": "access:verify",
    },
    "cube": {"release": "cube:release", "list": "cube:list_"},
    "purpose": {
        "request": "purpose:request",
        "approve": "purpose:approve",
        "reject": "purpose:reject",
        "revoke": "purpose:revoke",
        "list": "purpose:list_",
    },
    "policy": {"lint": "policy:lint", "test": "policy:run_tests", "explain": "policy:explain", "diff": "policy:diff"},
    "key": {
        "new": "key:new",
        "list": "key:list_",
        "rotate": "key:rotate",
        "rewrap": "key:rewrap",
        "approve": "key:approve",
        "destroy": "key:destroy",
        "scheme": "key:scheme",
    },
}
# Group -> its command that is meant where none is named.
DEFAULTS = {"backup": "create"}


def make_app(lang: Lang) -> CommandGroup:
    """The command line with its help in `lang`."""
    app = typer.Typer(
        help=text("cmd_lakeward", lang),
        cls=CommandGroup,
        no_args_is_help=True,
        add_completion=False,  # `completion` is our own: Typer's imports rich and pydantic for each word
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_options)
    root = typer.main.get_command(app)
    assert isinstance(root, CommandGroup)
    _add(root, COMMANDS, "cmd", lang)
    for name, members in GROUPS.items():
        group = CommandGroup(name=name, help=text(f"cmd_{name}", lang), no_args_is_help=True, rich_markup_mode=None)
        group.default = DEFAULTS.get(name)
        _add(group, members, f"cmd_{name}", lang)
        root.add_command(group)
    return root


def _add(group: CommandGroup, members: dict[str, str], prefix: str, lang: Lang) -> None:
    for name, place in members.items():
        group.add_command(LazyCommand(name, text(f"{prefix}_{name.replace('-', '_')}", lang), place))


def _print_version(value: bool) -> None:  # noqa: FBT001 -- the shape that Typer calls
    if value:
        typer.echo(f"lakeward {__version__}")
        raise typer.Exit


# Only flags here: for any other option Typer imports pydantic, which takes as long as the rest of the help.
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit · 显示版本", callback=_print_version, is_eager=True)
    ] = False,
) -> None: ...
