"""Small valid files of every format, and ways in which a disk, a line or an editor damages them."""

import io
import random
from collections.abc import Callable, Mapping
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from support.delta_tables import BY_NAME, MAPPED, field, make_table

LOG = Path("_delta_log") / "00000000000000000000.json"


def _parquet() -> bytes:
    columns = {"a": [1, 2, None], "b": ["x", "ä", None], "v": pa.array([1.5, float("inf"), None])}
    out = io.BytesIO()
    pq.write_table(pa.table({**columns, "t": pa.array([0, 1, None], pa.timestamp("us"))}), out, compression="zstd")
    return out.getvalue()


def _parquet_nested() -> bytes:
    columns = {
        "l": [[1], None, [2, 3]],
        "s": [{"x": 1, "y": "z"}, None, {"x": None, "y": ""}],
        "d": pa.array([1, 2, 3]).cast(pa.decimal128(20, 0)),
    }
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, compression="none", use_deprecated_int96_timestamps=True)
    return out.getvalue()


def _xlsx() -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in (["a", "b"], [1, "x"], [2.5, "ä"]):
        book.worksheets[0].append(row)
    book.save(out)
    return out.getvalue()


# Each format's bytes, and the name of a file of it.
FILES: Mapping[str, tuple[str, Callable[[], bytes]]] = {
    "csv": ("f.csv", 'a,b,t\n1,x,2026-03-01 06:00\n2,"ä,""q",2026-03-01 06:01\n3,,\n'.encode),
    "tsv": ("f.tsv", "a\tb\n1\tx\n2\t温度\n3\t\n".encode),
    "jsonl": ("f.jsonl", '{"a":1,"b":"x","c":{"d":[1]}}\n{"a":2,"b":"ä"}\n{"a":null}\n'.encode),
    "json": ("f.json", '[{"a":1,"b":"x"},\n {"a":2,"b":"ä"},{"a":null}]\n'.encode),
    "parquet": ("f.parquet", _parquet),
    "nested parquet": ("f.parquet", _parquet_nested),
    "xlsx": ("f.xlsx", _xlsx),
}


def delta_table(folder: Path) -> Path:
    """A table whose log is then damaged."""
    fields = [field("a", "long", (1, "c1")), field("b", "string", (2, "c2"))]
    return make_table(
        folder, {"p.parquet": pa.table({"c1": [1, 2]})}, MAPPED, fields, BY_NAME, [{"partitionValues": {"c2": "x"}}]
    )


def damage(content: bytes, chance: random.Random) -> bytes:
    """The content with up to 16 of its bytes flipped, lost, doubled or added, or with its end cut off."""
    found = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 1, 2, 4, 16))):
        place = chance.randrange(len(found)) if found else 0
        kind = chance.random()
        if kind < 0.6 and found:
            found[place] = chance.choice((chance.randrange(256), found[place] ^ (1 << chance.randrange(8)), 0, 255))
        elif kind < 0.75:
            del found[place : place + chance.choice((1, 2, 8, 64))]
        elif kind < 0.85:
            del found[place:]
        elif kind < 0.95:
            found[place:place] = chance.randbytes(chance.choice((1, 2, 8)))
        else:
            found[place:place] = found[place : place + chance.choice((4, 32))]
    return bytes(found)
