"""Who calls: read from the headers of each call. Nothing is remembered between calls, and no call goes without."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pyarrow import flight

from lakeward.core.errors import ProtectionError, UsageError
from lakeward.core.messages import Lang
from lakeward.flows.server.faults import ClientFaults

# Headers in which a client names the role and the purpose that it reads in.
ROLE_HEADER, PURPOSE_HEADER = "lakeward-role", "lakeward-purpose"
_AUTHORIZATION = "authorization"
# Calls that are decided by their headers: a handshake has no handler, and a failure of `get_schema` is sent with its whole traceback
# by pyarrow 26. The schema of a statement comes with `GetFlightInfo`.
_WITHOUT_HANDLER = frozenset([flight.FlightMethod.HANDSHAKE, flight.FlightMethod.GET_SCHEMA])


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A caller as its headers name it; nothing of it is checked yet.

    Args:
        name: Name that came with the token; empty without.
        role, purpose: Those that it asks for; None for the only one, and for none.
    """

    token: str = field(repr=False)
    name: str = ""
    role: str | None = None
    purpose: str | None = None


def read_caller(headers: Mapping[str, Sequence[str | bytes]]) -> Caller:
    """The caller by the headers of one call.

    Raises:
        ProtectionError: There is not exactly one header that says who calls, or it can't be read.
    """
    found = [str(value) for value in headers.get(_AUTHORIZATION, ())]
    if len(found) != 1:
        raise ProtectionError("server_unauthenticated")
    scheme, _, rest = found[0].strip().partition(" ")
    name, token = ("", rest.strip()) if scheme.lower() == "bearer" else _basic(scheme, rest)
    if not token:
        raise ProtectionError("server_unauthenticated")
    return Caller(token=token, name=name, role=_single(headers, ROLE_HEADER), purpose=_single(headers, PURPOSE_HEADER))


def _basic(scheme: str, rest: str) -> tuple[str, str]:
    """Name and token. Some clients leave out the padding at the end."""
    content = rest.strip()
    try:
        if scheme.lower() == "basic":
            decoded = base64.b64decode(content + "=" * (-len(content) % 4), validate=True).decode()
            name, _, token = decoded.partition(":")
            return name, token
    except (binascii.Error, ValueError):
        pass
    raise ProtectionError("server_unauthenticated")


def _single(headers: Mapping[str, Sequence[str | bytes]], name: str) -> str | None:
    found = [str(value) for value in headers.get(name, ())]
    if len(found) > 1:
        raise ProtectionError("server_unauthenticated")
    return found[0].strip() or None if found else None


class CallerMiddleware(flight.ServerMiddleware):  # type: ignore[misc]  # pyarrow has no types
    """The caller of one call."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    def sending_headers(self) -> dict[str, str]:
        """The header that a client which sent a name and a token uses from then on."""
        return {_AUTHORIZATION: f"Bearer {self.caller.token}"} if self.caller.name else {}

    def call_completed(self, exception: BaseException | None) -> None:
        """Nothing is left to do."""


class CallerFactory(flight.ServerMiddlewareFactory):  # type: ignore[misc]  # pyarrow has no types
    """Reads the caller of each call, whatever it calls.

    Args:
        authenticate: Checks the token of a call without a handler.
    """

    def __init__(self, lang: Lang, authenticate: Callable[[Caller], None]) -> None:
        self._lang, self._authenticate = lang, authenticate

    def start_call(self, info: flight.CallInfo, headers: Mapping[str, Sequence[str | bytes]]) -> CallerMiddleware:
        """The caller of a call.

        Raises:
            FlightError: It names none.
        """
        with ClientFaults(self._lang):
            caller = read_caller(headers)
            if info.method in _WITHOUT_HANDLER:
                self._authenticate(caller)
            if info.method == flight.FlightMethod.GET_SCHEMA:
                raise UsageError("flight_command_unknown", found="GetSchema")
            return CallerMiddleware(caller)


class OpenHandshake(flight.ServerAuthHandler):  # type: ignore[misc]  # pyarrow has no types
    """Lets a handshake through, as clients with a name and a password begin: the headers of each call are what is checked."""

    def authenticate(self, _: object, __: object) -> None:
        """Nothing is exchanged."""

    def is_valid(self, _: bytes) -> bytes:
        """No identity comes from a handshake."""
        return b""
