"""Columns of records as SQL: members of JSON records, readings, fields of lines, and fields of the message around them."""

import json
from collections.abc import Callable, Sequence

from lakeward.contracts.model import Column
from lakeward.contracts.payload import ENVELOPE_MARK, POINTER_MARK, ReadingLayout, StatusCodes
from lakeward.contracts.record_format import RecordFormat
from lakeward.core.sql import literal
from lakeward.engines.embedded.messages.json_items import first_text
from lakeward.engines.embedded.messages.segments import ADDRESS, Segments

_NUMBERS = "('BIGINT', 'UBIGINT', 'DOUBLE', 'HUGEINT')"
# Words of a status, in small letters, and their quality: 0 good, 1 uncertain, 2 bad.
_WORDS = ("good", "uncertain", "bad")


def column_value(column: Column, value_of: Callable[[str], str], exists: Callable[[str], str]) -> str:
    """Text of a column: of its name, of the first alternative name that exists, or of joined names.

    Args:
        value_of: SQL of the text under a name.
        exists: Condition that the record has a name.
    """
    if column.joined_names:
        return " || ' ' || ".join(f"trim({value_of(name)})" for name in column.joined_names)
    if not column.alternative_names:
        return value_of(column.source_name)
    cases = " ".join(f"WHEN {exists(name)} THEN {value_of(name)}" for name in column.source_names)
    return f"CASE {cases} END"


def envelope_value(name: str, segments: Segments) -> str:
    """Text of a field of the message, by its name behind the mark."""
    field, _, level = name.removeprefix(ENVELOPE_MARK).partition("/")
    if level:
        return f"string_split({ADDRESS}, '/')[{int(level)}]"
    if field in {"series", "unit", "address"}:
        return f"r_{field}"
    return "r_plain" if field == "value" else segments.field(field)


def member_value(name: str) -> str:
    """Text of a member of the record `it`, by its name or by a JSON pointer."""
    return f"json_extract_string(it, {literal(member_pointer(name))})"


def member_pointer(name: str) -> str:
    """The JSON pointer (RFC 6901) that a name of a column stands for."""
    return name if name.startswith(POINTER_MARK) else "/" + name.replace("~", "~0").replace("/", "~1")


def unknown_members(names: Sequence[str]) -> str:
    """Text: JSON of what the record `it` has beside the members that columns take, or NULL."""
    pointers = [member_pointer(name) for name in names if not name.startswith(ENVELOPE_MARK)]
    patch: dict[str, object] = {}
    for pointer in sorted(pointers, key=len, reverse=True):
        place = patch
        *above, last = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
        for step in above:
            inner = place.setdefault(step, {})
            place = inner if isinstance(inner, dict) else {}
        place[last] = None
    return _without_members(patch)


def _without_members(patch: dict[str, object]) -> str:
    """SQL of the record without the members that are null in the patch (RFC 7396); NULL where nothing with a value is left."""
    left = f"json_merge_patch(it, {literal(json.dumps(patch, ensure_ascii=False))})"
    empty = {"{}", json.dumps(_nested_objects(patch), ensure_ascii=False, separators=(",", ":"))}
    held = f"CASE WHEN json_type(it) = 'OBJECT' THEN {left}::VARCHAR END"
    return f"CASE WHEN {held} NOT IN ({', '.join(map(literal, sorted(empty)))}) THEN {held} END"


def _nested_objects(patch: dict[str, object]) -> dict[str, object]:
    return {key: _nested_objects(inner) for key, inner in patch.items() if isinstance(inner, dict)}


def reading_items(layout: ReadingLayout, segments: Segments) -> dict[str, str]:
    """SQL of the columns of a reading that do not depend on the mapping, over `it, k, v` of an entry."""
    is_member = (
        f"(json_type(v) = 'OBJECT' AND json_exists(v, {literal('/' + layout.value_key)}))" if layout.value_key else "false"
    )
    value = (
        f"CASE WHEN {is_member} THEN json_extract(v, {literal('/' + layout.value_key)}) ELSE v END" if layout.value_key else "v"
    )
    times = (
        [f"CASE WHEN {is_member} THEN json_extract_string(v, {literal('/' + layout.time_key)}) END"] if layout.time_key else []
    )
    times += [first_text("it", layout.time)] if layout.time else []
    return {
        "r_json": value,
        "r_ts": (f"coalesce({', '.join(times)})" if times else segments.field("received_at")),
        "r_status": _status(layout, is_member),
        "r_own_unit": first_text("it", [layout.unit]) if layout.unit else "CAST(NULL AS VARCHAR)",
        "r_address": _address(layout, segments),
    }


def reading_value(name: str, layout: ReadingLayout | None) -> str:
    """Text of a column of a reading, over the items of `reading_items`."""
    number = f"json_type(r_json) IN {_NUMBERS}"
    values = {
        "address": "r_address",
        "series": "r_series",
        "ts": "r_ts",
        "value": f"CASE WHEN {number} THEN r_json->>'$' END",
        "value_text": f"CASE WHEN NOT {number} THEN r_json->>'$' END",
        "status": "r_status",
        "quality": quality("r_status", layout.codes if layout else StatusCodes.NONE),
        "unit": "r_unit",
    }
    return values[name]


def text_items(segments: Segments, record_format: RecordFormat) -> dict[str, str]:
    """The same of a payload that is one text: a JSON number where it is a number by the contract's signs, else a JSON text."""
    sign, group = (("\\" + one) for one in (record_format.decimal, record_format.thousands or record_format.decimal))
    digits = (
        f"[0-9]+({group}[0-9]{{3}})*({sign}[0-9]*)?|{sign}[0-9]+"
        if record_format.thousands
        else f"[0-9]+({sign}[0-9]*)?|{sign}[0-9]+"
    )
    number = f"regexp_full_match(v, {literal(f'[+-]?({digits})([eE][+-]?[0-9]+)?')})"
    return {
        "r_number": f"CASE WHEN {number} THEN v END",
        "r_ts": segments.field("received_at"),
        "r_status": "CAST(NULL AS VARCHAR)",
        "r_own_unit": "CAST(NULL AS VARCHAR)",
        "r_address": segments.address,
    }


def text_value(name: str) -> str:
    """Text of a column of a reading, over the items of `text_items`."""
    if name == "value":
        return "r_number"
    return "CASE WHEN r_number IS NULL THEN v END" if name == "value_text" else reading_value(name, None)


def quality(status: str, codes: StatusCodes) -> str:
    """Text: 0 good, 1 uncertain, 2 bad, of a status as text; NULL where it says nothing that is known."""
    words = " ".join(
        f"WHEN starts_with(lower({status}), {literal(word)}) THEN {literal(str(at))}" for at, word in enumerate(_WORDS)
    )
    code = f"TRY_CAST({status} AS BIGINT)"
    numbers = {
        StatusCodes.NONE: "",
        StatusCodes.OPC_UA: f"WHEN {code} BETWEEN 0 AND 4294967295 THEN CASE {code} >> 30 WHEN 0 THEN '0' WHEN 1 THEN '1' WHEN 2 THEN '2' END",
        StatusCodes.OPC_DA: f"WHEN {code} BETWEEN 0 AND 65535 THEN CASE ({code} & 192) >> 6 WHEN 3 THEN '0' WHEN 1 THEN '1' WHEN 0 THEN '2' END",
    }[codes]
    good = (
        f"WHEN {status} IS NULL THEN '0'" if codes is StatusCodes.OPC_UA else ""
    )  # OPC UA's JSON leaves Good out (10000-6, 5.4.2.11)
    return f"CASE {numbers} {words} {good} END"


def _status(layout: ReadingLayout, is_member: str) -> str:
    own = f"json_extract(v, {literal('/' + layout.status_key)})" if layout.status_key else ""
    record = f"json_extract(it, {literal(layout.status)})" if layout.status else ""
    found = [f"CASE WHEN {is_member} THEN {own} END"] * bool(own) + [record] * bool(record)
    if not found:
        return "CAST(NULL AS VARCHAR)"
    status = f"coalesce({', '.join(found)})"
    inner = f"coalesce(json_extract_string({status}, '/Code'), json_extract_string({status}, '/code'), {status}->>'$')"
    return f"CASE WHEN json_type({status}) = 'OBJECT' THEN {inner} ELSE {status}->>'$' END"


def _address(layout: ReadingLayout, segments: Segments) -> str:
    """The message's address, prefix, tags by name, and the member's name, with `/` between."""
    parts = [f"NULLIF(json_extract_string(it, {literal(pointer)}), '')" for pointer in layout.prefix]
    if layout.tags:
        tags = f"json_extract(it, {literal(layout.tags)})"
        pair = f"k || '=' || coalesce(json_extract_string({tags}, '/' || replace(replace(k, '~', '~0'), '/', '~1')), '')"
        parts.append(f"NULLIF(array_to_string(list_transform(list_sort(json_keys({tags})), lambda k: {pair}), ','), '')")
    member = f"NULLIF(k, {literal(layout.own)})" if layout.own else "k"
    return f"concat_ws('/', {', '.join([segments.address, *parts, member])})"
