"""All commands, and where each one lies. Help texts come in the reader's language; every one has an example."""

from collections.abc import Callable

import typer

from lakeward.cli.assess import assess
from lakeward.cli.assess import show as maturity_show
from lakeward.cli.check import check
from lakeward.cli.contracts import diff, lint
from lakeward.cli.datasets import init, new, rebuild, run
from lakeward.cli.demo import demo
from lakeward.cli.grade import confirm, override
from lakeward.cli.grade import list_ as list_grades
from lakeward.cli.grade import run as run_grades
from lakeward.cli.look import doctor, explain, lineage, status, tables, verdicts
from lakeward.cli.maintain import maintain
from lakeward.cli.quarantine import expire, figures, list_, release, repair, replay, show
from lakeward.cli.score import score
from lakeward.cli.scorecard import build, open_
from lakeward.cli.serve import policy_lint, policy_test, query
from lakeward.cli.spark import setup
from lakeward.cli.suggest import suggest
from lakeward.core.messages import Lang, text

COMMANDS: dict[str, Callable[..., None]] = {
    "demo": demo,
    "init": init,
    "new": new,
    "run": run,
    "rebuild": rebuild,
    "status": status,
    "tables": tables,
    "verdicts": verdicts,
    "explain": explain,
    "suggest": suggest,
    "check": check,
    "query": query,
    "assess": assess,
    "score": score,
    "maintain": maintain,
    "doctor": doctor,
}
GROUPS: dict[str, dict[str, Callable[..., None]]] = {
    "quarantine": {
        "list": list_,
        "figures": figures,
        "show": show,
        "repair": repair,
        "replay": replay,
        "release": release,
        "expire": expire,
    },
    "grade": {"list": list_grades, "run": run_grades, "confirm": confirm, "override": override},
    "contract": {"lint": lint, "diff": diff},
    "lineage": {"show": lineage},
    "maturity": {"show": maturity_show},
    "scorecard": {"build": build, "open": open_},
    "spark": {"setup": setup},
    "policy": {"lint": policy_lint, "test": policy_test},
}


def make_app(lang: Lang) -> typer.Typer:
    """The command line with its help in `lang`."""
    app = _group(lang, "cmd_lakeward")
    for name, command in COMMANDS.items():
        app.command(name, help=text(f"cmd_{name}", lang))(command)
    for group, members in GROUPS.items():
        sub = _group(lang, f"cmd_{group}")
        for name, command in members.items():
            sub.command(name, help=text(f"cmd_{group}_{name}", lang))(command)
        app.add_typer(sub, name=group)
    return app


def _group(lang: Lang, code: str) -> typer.Typer:
    return typer.Typer(
        help=text(code, lang), no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
    )
