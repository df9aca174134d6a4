"""The routes of the HTTP door: messages of datasets, and lineage events of other programs."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lakeward.core.clock import Clock
from lakeward.core.errors import LakewardError, ProtectionError
from lakeward.sources.collectors.http.inbox import DISK_FULL, KNOWN, LANDED, OTHER_MESSAGE, HttpInbox, PushedMessage
from lakeward.sources.collectors.http.rates import SenderRates
from lakeward.sources.collectors.http.requests import BodyReader, PushRefused, message_id_of, refusal, token_of

# Bytes of one document of lineage events, documents of one sender a second, and documents that wait.
LINEAGE_BYTES, LINEAGE_PER_SECOND, LINEAGE_WAITING = 16 << 20, 20, 32
# Name of the account that a token proves; raises ProtectionError.
Authenticate = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageRoute:
    """Takes lineage events.

    Args:
        senders: Accounts that may send.
        receive: Stores a document of a token's account; returns what became of it, and whether all of it is stored.
    """

    senders: tuple[str, ...]
    receive: Callable[[str, bytes], tuple[Mapping[str, object], bool]]


@dataclass(slots=True, kw_only=True)
class DoorApp:
    """The routes over the inboxes of a door.

    Args:
        inboxes: By each name that a dataset has or had.
        lineage: None where no lineage events are taken.
    """

    inboxes: Mapping[str, HttpInbox]
    authenticate: Authenticate
    lineage: LineageRoute | None
    clock: Clock
    _bodies: BodyReader = field(default_factory=BodyReader)
    _rates: dict[str, SenderRates] = field(default_factory=dict)
    _lineage_waiting: int = 0
    _lineage_lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def make(self) -> Starlette:
        """The application."""
        routes = [
            Route("/health", _health),
            Route("/api/v1/lineage", self._answering(self._take_lineage), methods=["POST"]),
            Route("/v1/{dataset}", self._answering(self._take_message), methods=["POST"]),
            Route("/v1/{dataset}/{topic:path}", self._answering(self._take_message), methods=["POST"]),
        ]
        faults: Mapping[Any, Any] = {404: _no_route, 405: _no_method}
        return Starlette(routes=routes, exception_handlers=faults)

    def _answering(self, take: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                return await take(request)
            except PushRefused as refused:
                inbox = self.inboxes.get(request.path_params.get("dataset", ""))
                if inbox and refused.status < 500:
                    inbox.note_refusal(refused.code, refused.sender)
                return refusal(request, refused)

        return endpoint

    async def _take_message(self, request: Request) -> Response:
        sender = await self._sender(request)
        dataset = request.path_params["dataset"]
        inbox = self.inboxes.get(dataset)
        if inbox is None:
            raise PushRefused(404, "push_no_dataset", {"dataset": dataset}, sender=sender)
        self._check_sender(sender, inbox.source.senders, dataset)
        if not inbox.is_open:
            raise PushRefused(503, "push_stopping", retry_after=5)
        self._check_rate(dataset, sender, inbox.source.messages_per_second)
        message_id = message_id_of(request)
        topic = request.path_params.get("topic") or dataset
        body = await self._bodies.read(request, inbox.source.message_bytes)
        said = await self._land(inbox, request, (topic, sender, message_id), body)
        if said == OTHER_MESSAGE:
            raise PushRefused(422, said, sender=sender)
        if said not in {LANDED, KNOWN}:
            raise PushRefused(503, said, retry_after=1 if said == DISK_FULL else 5)
        return JSONResponse({"landed": int(said == LANDED), "known": int(said == KNOWN)})

    async def _land(self, inbox: HttpInbox, request: Request, head: tuple[str, str, str | None], body: bytes) -> str:
        """What became of the message, once that is certain."""
        loop = asyncio.get_running_loop()
        said: asyncio.Future[str] = loop.create_future()

        def settle(answer: str) -> None:
            if not said.done():  # the sender may have gone
                said.set_result(answer)

        def tell(answer: str) -> None:
            loop.call_soon_threadsafe(settle, answer)

        topic, sender, message_id = head
        message = PushedMessage(
            topic=topic,
            payload=body,
            received=self.clock.now(),
            content_type=request.headers.get("content-type"),
            sender=sender,
            message_id=message_id,
            answer=tell,
        )
        inbox.put(message)
        return await said

    async def _take_lineage(self, request: Request) -> Response:
        sender = await self._sender(request)
        if self.lineage is None:
            raise PushRefused(404, "push_no_lineage", sender=sender)
        self._check_sender(sender, self.lineage.senders, "lineage")
        self._check_rate("/lineage", sender, LINEAGE_PER_SECOND)
        body = await self._bodies.read(request, LINEAGE_BYTES)
        if self._lineage_waiting >= LINEAGE_WAITING:
            raise PushRefused(503, "push_busy", retry_after=1)
        self._lineage_waiting += 1
        try:
            async with self._lineage_lock:  # one after the other: they write the same tables
                found, complete = await asyncio.to_thread(self.lineage.receive, token_of(request), body)
        except LakewardError as error:
            raise PushRefused(503 if error.retryable else 400, error.code, error.facts, sender=sender) from None
        finally:
            self._lineage_waiting -= 1
        return JSONResponse(found, 200 if complete else 422)

    async def _sender(self, request: Request) -> str:
        token = token_of(request)
        try:
            return await asyncio.to_thread(self.authenticate, token)
        except ProtectionError:  # the reason is for the register's owner, not for who asks
            raise PushRefused(401, "push_token_refused") from None
        except LakewardError:  # as above
            raise PushRefused(503, "push_unchecked", retry_after=5) from None

    def _check_sender(self, sender: str, senders: tuple[str, ...], dataset: str) -> None:
        if sender not in senders:
            raise PushRefused(403, "push_not_sender", {"account": sender, "dataset": dataset}, sender=sender)

    def _check_rate(self, dataset: str, sender: str, per_second: int) -> None:
        seconds = self._rates.setdefault(dataset, SenderRates(per_second)).wait_of(sender, time.monotonic())
        if seconds:
            raise PushRefused(429, "push_too_fast", {"expected": per_second}, sender=sender, retry_after=seconds)


async def _health(_: Request) -> Response:
    return JSONResponse({"ok": True})


async def _no_route(request: Request, _: Exception) -> Response:
    return refusal(request, PushRefused(404, "push_no_route"))


async def _no_method(request: Request, _: Exception) -> Response:
    return refusal(request, PushRefused(405, "push_no_method"))
