"""Reads the keys of a contract that describe messages which senders push by HTTP."""

from collections.abc import Mapping

from lakeward.contracts import payload_keys, segment_keys
from lakeward.contracts.collected_source import MESSAGE_BYTES, MESSAGES_PER_SECOND, HttpSource
from lakeward.contracts.payload import RECEIVED, TOPIC
from lakeward.contracts.payload_keys import read_payload_format
from lakeward.contracts.record_format import RecordFormat
from lakeward.contracts.segment_bounds import SEGMENT_BATCH_BYTES
from lakeward.contracts.segment_keys import bounded_integer, read_connection_name, read_segment_bounds
from lakeward.contracts.view import View
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase

# Fields of a message around its payload, which columns can name after `$`.
ENVELOPE = (TOPIC, RECEIVED, "content_type", "sender", "message_id")
MAX_MESSAGE_BYTES, MAX_MESSAGES_PER_SECOND = 64 << 20, 100_000
KEYS: Mapping[str, KeyDoc] = {
    "senders": KeyDoc("list of texts", "Accounts that may send; each proves itself by its own token.", required=True),
    "messageBytes": KeyDoc("whole number", f"Most bytes of one message, up to {MAX_MESSAGE_BYTES}.", f"{MESSAGE_BYTES}"),
    "messagesPerSecond": KeyDoc(
        "whole number", "Most messages of one sender a second, on average; more get status 429.", f"{MESSAGES_PER_SECOND}"
    ),
    **segment_keys.KEYS,
    **payload_keys.KEYS,
}


def read_http(view: View, retention_days: int | None) -> tuple[HttpSource, RecordFormat]:
    """The door in a mapping, and the record format of its messages."""
    source = HttpSource(
        connection=read_connection_name(view),
        senders=read_senders(view),
        message_bytes=bounded_integer(view, "messageBytes", MESSAGE_BYTES, MAX_MESSAGE_BYTES),
        messages_per_second=bounded_integer(view, "messagesPerSecond", MESSAGES_PER_SECOND, MAX_MESSAGES_PER_SECOND),
        segment=read_segment_bounds(view),
        limit_bytes=view.positive_integer("limitBytes", SEGMENT_BATCH_BYTES),
        retention_days=retention_days,
    )
    return source, read_payload_format(view, ENVELOPE)


def read_senders(view: View) -> tuple[str, ...]:
    """The accounts that may send."""
    senders = view.texts("senders")
    if not senders or not all(senders) or len(set(senders)) < len(senders):
        view.fail_value("senders", Phrase("phrase_account_names"))
    return senders
