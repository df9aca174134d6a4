"""What the door asks of a request, and how it says no: a status, and JSON with a code, the problem and the next step."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse

from lakeward.core.messages import Lang, text

# Seconds for a sender to send one message.
BODY_SECONDS = 30.0
# Bytes of all messages that are on their way in at the same time.
ALL_BYTES = 256 << 20
_MESSAGE_ID = re.compile(r"[!-~]{1,255}")


class PushRefused(Exception):  # noqa: N818 -- it is no failure of the door
    """A request that is not taken.

    Args:
        status: HTTP status.
        code: Message code.
        facts: Facts of the message.
        sender: Name of the account; empty before it is known.
    """

    def __init__(
        self,
        status: int,
        code: str,
        facts: Mapping[str, object] | None = None,
        *,
        sender: str = "",
        retry_after: int | None = None,
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.facts, self.sender, self.retry_after = status, code, facts or {}, sender, retry_after


def refusal(request: Request, refused: PushRefused) -> JSONResponse:
    """The answer in the sender's language."""
    wants_chinese = request.headers.get("accept-language", "").lower().startswith("zh")
    return JSONResponse(_refusal(refused, Lang.ZH if wants_chinese else Lang.EN), refused.status, _headers(refused))


def _refusal(refused: PushRefused, lang: Lang) -> Mapping[str, str]:
    message, step = (text(code, lang, **refused.facts) for code in (refused.code, f"{refused.code}.next"))
    return {"code": refused.code, "message": message, "next": step}


def _headers(refused: PushRefused) -> dict[str, str]:
    headers = {"Cache-Control": "no-store"}
    if refused.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if refused.retry_after is not None:
        headers["Retry-After"] = str(refused.retry_after)
    if refused.status == 405:
        headers["Allow"] = "POST"
    return headers


def token_of(request: Request) -> str:
    """The token of a request.

    Raises:
        PushRefused: It has none.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise PushRefused(401, "push_without_token")
    return token.strip()


def message_id_of(request: Request) -> str | None:
    """The sender's own id of the message; None without one.

    Raises:
        PushRefused: It has characters that it may not have.
    """
    message_id = request.headers.get("idempotency-key")
    if message_id is not None and not _MESSAGE_ID.fullmatch(message_id):
        raise PushRefused(400, "push_id_not_valid")
    return message_id


@dataclass(slots=True)
class BodyReader:
    """Reads bodies, and bounds what all of them take. Used by one event loop only."""

    _taken: int = field(default=0)

    async def read(self, request: Request, largest: int) -> bytes:
        """The body of a request.

        Raises:
            PushRefused: It is empty, too large, packed, too slow, or broke off; or too much is on its way in.
        """
        if request.headers.get("content-encoding", "identity") != "identity":
            raise PushRefused(415, "push_packed")
        stated = request.headers.get("content-length", "")
        expected = int(stated) if stated.isdecimal() else largest
        if expected > largest:
            raise PushRefused(413, "push_too_large", {"expected": largest})
        if self._taken + expected > ALL_BYTES:
            raise PushRefused(503, "push_busy", retry_after=1)
        self._taken += expected
        try:
            body = await asyncio.wait_for(_collect(request, largest), BODY_SECONDS)
        except (TimeoutError, ClientDisconnect):
            raise PushRefused(408, "push_too_slow", {"seconds": round(BODY_SECONDS)}) from None
        finally:
            self._taken -= expected
        if not body:
            raise PushRefused(400, "push_empty")
        return body


async def _collect(request: Request, largest: int) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > largest:
            raise PushRefused(413, "push_too_large", {"expected": largest})
    return bytes(body)
