"""JSON payloads cut into records, and records into readings, as SQL. A fault in one record does not affect others of its message."""

from collections.abc import Sequence

from lakeward.contracts.payload import RECORDS_PER_MESSAGE, PayloadFormat, ReadingLayout
from lakeward.core.sql import literal
from lakeward.engines.embedded.messages.segments import BYTES

# Fields of an entry: the record, the member's name and value, and why it is a reject.
ENTRY = "it, k, v, why"
# A member's name as a JSON pointer below its object.
_BELOW = "'/' || replace(replace(k, '~', '~0'), '/', '~1')"
# Why a payload has no record.
_BINARY_FAULT = f"CASE WHEN {BYTES} IS NULL THEN 'reject_tombstone' ELSE undecoded END"
_TEXT_FAULT = (
    f"CASE WHEN {BYTES} IS NULL THEN 'reject_tombstone' WHEN coalesce(octet_length({BYTES}), 0) = 0 THEN 'reject_empty_message' "
    "WHEN text IS NULL THEN 'reject_encoding' WHEN NOT json_valid(text) THEN 'reject_no_json_message' END"
)


def entries_select(messages: str, payload: PayloadFormat) -> str:
    """SELECT of the messages' columns with `n` (number of the record) and the fields of `ENTRY`; one row per record or reading.

    Args:
        messages: SELECT of `Segments.messages_select`.
    """
    fault = _BINARY_FAULT if payload.kind.needs_schema else _TEXT_FAULT
    parsed = f"SELECT *, {fault} AS fault FROM ({messages})"
    document = first_pointer("text", payload.records) if payload.records else "text::JSON"
    found = f"SELECT *, CASE WHEN fault IS NULL THEN {document} END AS doc FROM ({parsed})"
    records = "CASE WHEN json_type(doc) = 'ARRAY' THEN json_extract(doc, '$[*]') ELSE [doc] END"
    listed = f"""SELECT *, CASE WHEN fault IS NOT NULL THEN {_lone("fault")} WHEN doc IS NULL THEN {_lone("'reject_no_record'")}
        ELSE {_entries(records, payload.readings)} END AS entries FROM ({found})"""
    bounded = f"""SELECT * EXCLUDE (entries, fault, doc), CASE WHEN len(entries) = 0 THEN {_lone("'reject_no_record'")}
        WHEN len(entries) >= {RECORDS_PER_MESSAGE} THEN {_lone("'reject_many_records'")} ELSE entries END AS entries FROM ({listed})"""
    numbered = f"SELECT * EXCLUDE (entries), unnest(entries) AS e, generate_subscripts(entries, 1) AS i FROM ({bounded})"
    return f"SELECT * EXCLUDE (e, i), m * {RECORDS_PER_MESSAGE} + i AS n, e.it AS it, e.k AS k, e.v AS v, e.why AS why FROM ({numbered})"


def first_pointer(document: str, pointers: Sequence[str]) -> str:
    """JSON at the first pointer that exists, or NULL. The empty pointer is the whole document (RFC 6901)."""
    found = [f"json_extract({document}, {literal(pointer)})" if pointer else f"({document})::JSON" for pointer in pointers]
    return f"coalesce({', '.join(found)})" if len(found) > 1 else found[0]


def first_text(document: str, pointers: Sequence[str]) -> str:
    """Text at the first pointer that exists, or NULL."""
    found = [f"json_extract_string({document}, {literal(pointer)})" for pointer in pointers]
    return f"coalesce({', '.join(found)})" if found else "CAST(NULL AS VARCHAR)"


def _lone(reason: str) -> str:
    """The entries of a message that is one reject."""
    return _list("NULL::JSON", "NULL::VARCHAR", "NULL::JSON", reason)


def _list(record: str, key: str, value: str, reason: str = "NULL::VARCHAR") -> str:
    return f"[{{'it': {record}, 'k': {key}, 'v': {value}, 'why': {reason}}}]"


def _entries(records: str, layout: ReadingLayout | None) -> str:
    """List of entries of a list of records."""
    if layout is None:
        return f"list_transform({records}, lambda it: {{'it': it, 'k': NULL::VARCHAR, 'v': it, 'why': {_record_fault()}}})"
    general = f"flatten(list_transform({records}, lambda it: {_readings(layout)}))"
    short = _is_short(layout)
    only = _list("doc", literal(layout.own), f"json_extract(doc, {literal('/' + layout.own)})")
    return f"CASE WHEN {short} THEN {only} ELSE {general} END" if short else general


def _is_short(layout: ReadingLayout) -> str:
    """Condition on `doc`: it has a time and a plain value and nothing else, as most messages do. Empty: no such form.

    Two members that are there, in a text with two colons, are all members.
    """
    if layout.members or layout.prefix or layout.tags or layout.status or layout.unit or not layout.own or len(layout.time) != 1:
        return ""
    if layout.time[0].count("/") > 1 or layout.own == layout.time[0][1:]:
        return ""
    there = f"json_extract(doc, {literal(layout.time[0])}) IS NOT NULL AND json_type(doc, {literal('/' + layout.own)})"
    plain = "('BIGINT', 'UBIGINT', 'DOUBLE', 'BOOLEAN', 'VARCHAR')"
    return f"length(doc::VARCHAR) - length(replace(doc::VARCHAR, ':', '')) = 2 AND {there} IN {plain}"


def _record_fault() -> str:
    """Why the record `it` of a row is a reject; a plain value is none, if a column takes it."""
    return f"CASE WHEN {_has_duplicate_keys('it')} THEN 'reject_duplicate_key' END"


def _has_duplicate_keys(document: str) -> str:
    keys = f"json_keys({document})"
    return f"(json_type({document}) = 'OBJECT' AND len({keys}) <> list_unique({keys}))"


def _readings(layout: ReadingLayout) -> str:
    """List of entries of the record `it`: one per member that is a reading."""
    base = first_pointer("it", layout.members) if layout.members else "it"
    used = {
        pointer.split("/")[1] for pointer in (*layout.time, *layout.prefix, layout.status, layout.unit, layout.tags) if pointer
    }
    own = [] if layout.members and "" not in layout.members else sorted(used)
    skipped = f"k NOT IN ({', '.join(map(literal, own))})" if own else "true"
    keys = f"list_filter(json_keys({base}), lambda k: {skipped})"
    member = f"{{'it': it, 'k': k, 'v': json_extract({base}, {_BELOW}), 'why': NULL::VARCHAR}}"
    several = f"""CASE WHEN {_has_duplicate_keys("it")} OR {_has_duplicate_keys(base)} THEN {_list("it", "NULL::VARCHAR", "it", "'reject_duplicate_key'")}
        WHEN len({keys}) = 0 THEN {_list("it", "NULL::VARCHAR", "it", "'reject_no_reading'")}
        ELSE list_transform({keys}, lambda k: {member}) END"""
    return f"""CASE WHEN {base} IS NULL THEN {_list("it", "NULL::VARCHAR", "it", "'reject_no_reading'")}
        WHEN json_type({base}) = 'OBJECT' THEN {several} ELSE {_list("it", "NULL::VARCHAR", base)} END"""
