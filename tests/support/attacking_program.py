"""A program that reads a lake by every door of one process, with attacks, in folders of its own: what it leaves there can be looked at."""

import json
import logging
import os
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lakeward.core.errors import LakewardError
from lakeward.core.messages import Lang
from lakeward.core.settings import Settings
from lakeward.flows import ExportRequest, check_data, explain_check, explain_row, export_table, show_quarantine, suggest_rules
from lakeward.flows.serving.connection import Connection, open_connection
from support.attack_doors import Values, forms_of_attack, in_every_way
from support.canary_lake import CANARIES, NAME
from support.read_attacks import FALSE, HIDDEN, TABLE, TARGET, QueryAttack, leaked, suite_attacks

# Large enough to spill with the memory of `SMALL`, and sorted by what may not be seen.
SPILLING = f"SELECT count(*) FROM (SELECT {{c}}, n FROM {TABLE}, range(80000) AS r(n) ORDER BY md5(n || CAST({{c}} AS VARCHAR)), n LIMIT 100000000)"
SMALL = "60MB"
# Of `POLICY_2`.
PURPOSE = "process-quality"


@dataclass(frozen=True)
class Sandbox:
    """Folders of a program, which it has for itself."""

    root: Path

    def __post_init__(self) -> None:
        for name in ("home", "tmp", "here", "out"):
            (self.root / name).mkdir(parents=True, exist_ok=True)

    @property
    def variables(self) -> dict[str, str]:
        return {"HOME": str(self.root / "home"), "TMPDIR": str(self.root / "tmp"), "XDG_CACHE_HOME": str(self.root / "home")}

    def enter(self) -> None:
        """Let this process have no other folders, and write all that it says and logs into them."""
        os.environ.update(self.variables)  # noqa: TID251  (of a process of its own)
        tempfile.tempdir = None
        os.chdir(self.root / "here")
        for number, name in ((1, "stdout"), (2, "stderr")):
            os.dup2(os.open(self.root / name, os.O_CREAT | os.O_WRONLY | os.O_APPEND), number)
        logging.basicConfig(filename=self.root / "log", level=logging.DEBUG)


@dataclass(frozen=True)
class Told:
    """What was said to a role that asked so."""

    role: str
    asked: str
    said: str


def guesses(column: str) -> tuple[str, str]:
    """A planted value, and a false one that its mask shows alike."""
    return CANARIES[column][TARGET], FALSE[column]


def attack_in_sandbox(
    sandbox: Sandbox,
    settings: Settings,
    attacks: Sequence[QueryAttack],
    pairs: Sequence[tuple[str, str]],
    told: Path,
) -> None:
    """Attack, and write down what was said, outside of the sandbox."""
    sandbox.enter()
    with told.open("w", encoding="utf-8") as file:
        for one in (*_by_notebook(settings, attacks), *_by_commands(settings, pairs, sandbox.root / "out")):
            file.write(json.dumps(one.__dict__) + "\n")


def read_told(file: Path) -> list[Told]:
    return [Told(**json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]


def spill_in_sandbox(sandbox: Sandbox, settings: Settings, role: str, column: str, told: Path) -> None:
    """Sort more rows than fit into memory by a column that the role does not see."""
    sandbox.enter()
    with open_connection(replace(settings, memory=SMALL), role) as con:
        text = SPILLING.format(c=column)
        told.write_text(json.dumps(Told(role, text, said_by(lambda: con.sql(text).fetchall())).__dict__), encoding="utf-8")


def said_by(call: Callable[..., object], *arguments: object) -> str:
    """What a call answers; or what it says of its failure, in both languages, with all that Python would print of it."""
    try:
        return repr(call(*arguments))
    except LakewardError as error:
        return " ".join([*(error.render(lang) for lang in Lang), *traceback.format_exception(error)])


def _said_in_notebook(con: Connection, text: str, values: Values) -> str:
    """As `said_by`. Its own libraries fail too, on types that they do not have: their texts are looked at as ours."""
    try:
        return said_by(lambda: in_every_way(con.sql(text, values)))
    except Exception as error:  # noqa: BLE001 -- whatever a reader could be shown
        return "".join(traceback.format_exception(error))


def _by_notebook(settings: Settings, attacks: Sequence[QueryAttack]) -> Iterator[Told]:
    for role in dict.fromkeys(attack.role for attack in attacks):
        with open_connection(settings, role) as con:
            for attack in (one for one in attacks if one.role == role):
                for asked in forms_of_attack(attack, guesses(attack.column)):
                    yield Told(role, f"{asked}", _said_in_notebook(con, *asked))


def _by_commands(settings: Settings, pairs: Sequence[tuple[str, str]], out: Path) -> Iterator[Told]:
    for number, (role, column) in enumerate(pairs):
        for guess in guesses(column):
            suite = {"name": "mine", "expectations": suite_attacks(column, guess)}
            asked = json.dumps(suite, ensure_ascii=False)
            rows = out / f"{number}-{guess}.parquet"
            yield Told(role, asked, said_by(check_data, TABLE, suite, settings, rows, role))
            yield Told(role, asked, said_by(explain_check, TABLE, suite, settings, role))
            yield Told(role, guess, said_by(explain_row, settings, TABLE, f"{column}={guess}", role))
        for suffix in ("csv", "parquet"):
            for columns in ((), (column,)):
                target = out / f"{number}-{len(columns)}.{suffix}"
                own = {"recipient": "own", "role": role, "purpose": PURPOSE, "marked": False}
                request = ExportRequest(table=TABLE, target=target, columns=columns, **own)
                yield Told(role, "", said_by(export_table, settings, request))
        yield Told(role, "", said_by(show_quarantine, settings, NAME, 20))
        yield Told(role, "", said_by(suggest_rules, settings, NAME, role))


def hidden_values(told: Sequence[Told]) -> list[tuple[str, str]]:
    """Role and question of each answer that holds a value which the role may not see, and did not name itself."""
    return [(one.role, one.asked) for one in told if leaked(one.said, HIDDEN[one.role], asked=one.asked)]
