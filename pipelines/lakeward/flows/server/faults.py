"""Errors on the wire: a client gets the code and the text of ours, and of any other failure only a number that the server's log has too."""

import json
import logging
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TypeGuard

from pyarrow import flight

from lakeward.core.errors import LakewardError, MachineError, ProtectionError, TransientError, UsageError
from lakeward.core.messages import Lang, pack_facts, unpack_facts
from lakeward.core.names import new_run_id
from lakeward.core.storage.faults import STORE_CODES
from lakeward.flows.server import LOG_NAME

LOG = logging.getLogger(LOG_NAME)
# Beginnings of codes that name nothing but what the client sent, or may see: no path, no name of another account.
PUBLIC = ("flight_", "limit_", "parameter", "purpose_", "query_", "quota_", "role_", "server_", "session_")
PUBLIC_CODES = frozenset(["account_changed", "account_role", "column_not_found", "extra_missing"])
_KINDS = {kind.__name__: kind for kind in (ProtectionError, UsageError, MachineError, TransientError)}
# Codes with a kind of failure of their own in Flight.
_FLIGHT_KINDS: dict[str, type[flight.FlightError]] = {
    "server_unauthenticated": flight.FlightUnauthenticatedError,
    "limit_seconds": flight.FlightTimedOutError,
    "query_cancelled": flight.FlightCancelledError,
}


def pack_error(error: LakewardError, **more: object) -> bytes:
    """The error as JSON, for the other side."""
    kind = next((name for name, one in _KINDS.items() if isinstance(error, one)), MachineError.__name__)
    return json.dumps({"kind": kind, "code": error.code, "facts": pack_facts(error.facts), **more}).encode()


def unpack_error(content: bytes) -> tuple[LakewardError, dict[str, object]] | None:
    """The error of the other side, and what else it says; None if it is none of ours."""
    try:
        found = json.loads(content)
        error = _KINDS[found["kind"]](found["code"], **unpack_facts(found["facts"]))
    except (KeyError, TypeError, ValueError):
        return None
    return error, found


def is_public(error: LakewardError) -> bool:
    """Whether a client may be shown this error."""
    return error.code.startswith(PUBLIC) or error.code in PUBLIC_CODES


def is_away(error: BaseException) -> TypeGuard[LakewardError]:
    """Whether it is the lake's object store that does not answer, or refuses: no fault of who asks."""
    return isinstance(error, LakewardError) and error.code in STORE_CODES


def flight_error(error: LakewardError, lang: Lang) -> flight.FlightError:
    """The error for a client; its code stands first in the text."""
    kind = _FLIGHT_KINDS.get(error.code)
    if kind is None and isinstance(error, ProtectionError):
        kind = flight.FlightUnauthorizedError
    elif kind is None and isinstance(error, TransientError):
        kind = flight.FlightUnavailableError
    return (kind or flight.FlightServerError)(f"{error.code}: {error.render(lang)}", pack_error(error))


class ClientFaults(AbstractContextManager["ClientFaults"]):
    """In the block every failure becomes one of Flight: what is no `FlightError` would be sent with its whole traceback."""

    def __init__(self, lang: Lang) -> None:
        self._lang = lang

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Raise the client's error in place of another.

        Raises:
            FlightError: The block failed.
        """
        if error is None or isinstance(error, GeneratorExit | StopIteration | flight.FlightError):
            return
        if is_away(error):
            LOG.error("%s", error.code)
            error = TransientError("server_lake_away")
        elif not isinstance(error, LakewardError) or not is_public(error):
            error = _internal(error)
        raise flight_error(error, self._lang) from None


def _internal(error: BaseException) -> LakewardError:
    """An error without any fact; the log has its number, and its kind without its text, which may quote a value."""
    number = new_run_id()
    code = error.code if isinstance(error, LakewardError) else type(error).__name__
    trace, places = error.__traceback__, []
    while trace:
        places.append(f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}")
        trace = trace.tb_next
    LOG.error("%s %s %s", number, code, " ".join(places))
    return MachineError("server_internal", id=number)
