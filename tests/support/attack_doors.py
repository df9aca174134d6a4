"""The doors by which a query reaches a lake, each as a function of role, text and values, with what it says."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

import pyarrow as pa

import lakeward
from lakeward.core.errors import LakewardError
from lakeward.core.messages import Lang
from lakeward.flows import open_connection
from lakeward.serving.flight_sql import messages
from lakeward.serving.flight_sql.messages import Statement
from support.flight_server import ERRORS, code_of, command, statement_ticket, to_rows
from support.read_attacks import HIDDEN, QueryAttack, leaked

Values = Mapping[str, object] | None


class Said(NamedTuple):
    """What a door said: rows, or an error with its code."""

    code: str
    text: str


Door = Callable[[str, str, Values], Said]
# Doors whose rows are the same Arrow table; the last one is read in every way that a notebook has.
SAME_ROWS = ("in process", "one call", "statement", "prepared", "connect")
NOTEBOOK = "notebook"
# What questions about catalogues are answered with by a server alone: from a database that holds no row.
_CATALOGUE = ("query_table_refused", "query_function_refused")


@contextmanager
def open_doors(served):
    """The doors of a running server and of its lake in process, by name."""
    with ExitStack() as stack:
        own = {role: stack.enter_context(open_connection(served.accounts[role], None)) for role in HIDDEN}
        tokens = {role: served.accounts[role].token for role in HIDDEN}
        remote = {role: stack.enter_context(lakeward.connect(served.server.address, token=tokens[role])) for role in HIDDEN}
        clients = {role: served.client(role) for role in HIDDEN}
        for client in clients.values():
            stack.callback(client.close)
        yield {
            "in process": lambda role, text, values: _said(lambda: own[role].sql(text, values).arrow()),
            "one call": lambda role, text, values: _said(lambda: _by_ticket(clients[role], text, values)),
            "statement": lambda role, text, values: _said(lambda: _by_info(clients[role], messages.QUERY, text, values)),
            "prepared": lambda role, text, values: _said(lambda: _by_info(clients[role], messages.PREPARED, text, values)),
            "connect": lambda role, text, values: _said(lambda: remote[role].sql(text, values).arrow()),
            NOTEBOOK: lambda role, text, values: _said(lambda: in_every_way(own[role].sql(text, values))),
            f"remote {NOTEBOOK}": lambda role, text, values: _said(lambda: in_every_way(remote[role].sql(text, values))),
        }


def faults_of(attack: QueryAttack, doors: Mapping[str, Door], guesses: tuple[str, str]) -> list[str]:
    """What is wrong with the answers of these doors: a value is told, a guess confirmed, or two doors differ."""
    forms = forms_of_attack(attack, guesses)
    answers = {name: [door(attack.role, *asked) for asked in forms] for name, door in doors.items()}
    found = []
    for name, said in answers.items():
        if any(leaked(one.text, HIDDEN[attack.role], asked=f"{asked}") for asked, one in zip(forms, said, strict=True)):
            found.append(f"told by {name}: {attack}")
        shown = [one._replace(text=one.text.replace(guess, "?")) for one, guess in zip(said, guesses * 2, strict=False)]
        if shown[::2] != shown[1::2]:
            found.append(f"confirmed by {name}: {attack}")
    same = [answers[name] for name in answers if name in SAME_ROWS]
    return found + [f"doors differ: {attack}: {one} {other}" for one, other in _differences(same)]


def _differences(answers: list[list[Said]]) -> list[tuple[Said, Said]]:
    pairs = [pair for other in answers[1:] for pair in zip(answers[0], other, strict=True)]
    return [(one, other) for one, other in pairs if not _is_same(one, other)]


def forms_of_attack(attack: QueryAttack, guesses: tuple[str, str]) -> list[tuple[str, Values]]:
    """The query with each guess as a literal, and, where it can be, as a value."""
    by_value = [found for guess in guesses if (found := attack.with_parameter(guess))]
    return [(attack.text(guess), None) for guess in guesses] + by_value


def _is_same(before: Said, after: Said) -> bool:
    if before.code in _CATALOGUE and not after.code:
        return True
    return before.code == after.code and (not before.code or after.text.startswith(before.text))


def _said(read: Callable[[], object]) -> Said:
    try:
        found = read()
    except LakewardError as error:
        return Said(error.code, f"{error.code}: {error.render(Lang.EN)}")
    except ERRORS as error:
        return Said(code_of(error), str(error))
    # Names of columns repeat the query.
    return Said("", f"{found.schema.types} {to_rows(found)}" if isinstance(found, pa.Table) else str(found))


def _by_ticket(client, text: str, values: Values) -> pa.Table:
    return client.flight.do_get(statement_ticket(text, _packed(values)), client.options).read_all()


def _by_info(client, kind: str, text: str, values: Values) -> pa.Table:
    """By a ticket of the server; a plain statement carries no values, and is sent as one that does."""
    content = Statement(text, _packed(values)).handle if kind == messages.PREPARED or values else text.encode()
    info = client.flight.get_flight_info(command(messages.PREPARED if values else kind, (1, content)), client.options)
    return client.flight.do_get(info.endpoints[0].ticket, client.options).read_all()


def _packed(values: Values) -> bytes | None:
    return messages.write_values(pa.table({name: [value] for name, value in values.items()})) if values else None


def in_every_way(rows) -> str:
    """Rows as a notebook shows them. Headings are told once, whole: a display cuts them, and what is left of a guess in one is no answer."""
    frame, polars = rows.df(), rows.pl()
    frame.columns = polars.columns = [f"c{at}" for at in range(len(rows.columns))]
    displays = (f"{rows}".partition("├")[2], frame.to_string(), polars)
    return "\n".join(map(str, (rows.columns, *displays, rows.fetchone(), rows.limit(2).fetchall())))
