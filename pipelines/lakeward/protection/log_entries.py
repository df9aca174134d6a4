"""The canonical bytes and the hash of an entry of a governance log, in Python for the writer and in SQL for a check of many.

The form: for each column with a value, in the order of the names, `name:length:value` and a line feed; length in bytes of UTF-8.
Times are microseconds since 1970-01-01 UTC. A column without a value is left out, so that a column added later changes no hash.
"""

import hashlib
import hmac
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from lakeward.contracts.model import Kind
from lakeward.core.clock import EPOCH, MICROSECOND
from lakeward.core.sql import identifier, literal
from lakeward.engines.tables import TableColumn

# Columns of a chained log: hash of the entry before it in its session, and hash of the entry, which does not cover itself.
PREV, HASH = "prev", "hash"
# `prev` of the first entry of a session.
FIRST_PREV = "0" * 64
# Hex digits of a keyed hash of a text, and of the id of its key.
KEYED_DIGITS, KEY_ID_DIGITS = 32, 8


def entry_hash(entry: Mapping[str, object]) -> str:
    """The SHA-256 of an entry's canonical bytes, as 64 hex digits."""
    cells = sorted((name, _value_text(value)) for name, value in entry.items() if value is not None and name != HASH)
    text = b"".join(b"%b:%d:%b\n" % (name.encode(), len(value), value) for name, value in cells)
    return hashlib.sha256(text).hexdigest()


def entry_hash_sql(columns: Iterable[TableColumn], excluded: Collection[str] = (HASH,)) -> str:
    """SQL of `entry_hash` over these columns of a table, in DuckDB's dialect."""
    covered = sorted((column for column in columns if column.name not in excluded), key=lambda column: column.name)
    return f"sha256(concat({', '.join(map(_cell_sql, covered))}))"


def keyed_text_hash(key: bytes, text: str) -> str:
    """HMAC-SHA-256 of a text that may hold values: key id, colon, 32 hex digits. Without the key no text can be guessed."""
    digest = hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
    return f"{text_key_id(key)}:{digest[:KEYED_DIGITS]}"


def text_key_id(key: bytes) -> str:
    """Public id of a key of text hashes."""
    return hmac.new(key, b"lakeward text key id", hashlib.sha256).hexdigest()[:KEY_ID_DIGITS]


def _value_text(value: object) -> bytes:
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, datetime):
        return b"%d" % ((value - EPOCH) // MICROSECOND)
    return str(value).encode("utf-8", "replace")


def _cell_sql(column: TableColumn) -> str:
    """Arguments of `concat`; a column that may be empty is one argument."""
    name = identifier(column.name)
    value = f"epoch_us({name})" if column.type.kind is Kind.TIMESTAMP else name
    text = name if column.type.kind is Kind.STRING else f"CAST({value} AS VARCHAR)"
    cell = f"{literal(column.name + ':')}, strlen({text}), ':', {text}, chr(10)"
    return f"CASE WHEN {name} IS NULL THEN '' ELSE concat({cell}) END" if column.nullable else cell
