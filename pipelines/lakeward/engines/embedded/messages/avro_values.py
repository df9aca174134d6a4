"""How many values a payload of Avro stands for: counted from its bytes, before anything is built of it."""

from collections.abc import Callable
from typing import Any

from lakeward.engines.embedded.messages.protobuf_records import MAX_VALUES, ManyValuesError, text_values

_RECORDS = ("record", "error")
# Kinds of any number of values -> the key of their schema, and the least size of an entry's own key in bytes.
_BLOCKS = {"array": ("items", 0), "map": ("values", 1)}
# Kinds of a fixed size in bytes.
_SIZES = {"null": 0, "boolean": 1, "float": 4, "double": 8}
_MAX_GROUPS = 10


class AvroValues:
    """Counts the values of the payloads of one schema.

    The bytes are walked only where so many can stand for too many values, or where records lie in records of the same kind: fastavro
    ends the process at some thousands of them within each other.

    Args:
        schema: As fastavro parsed it; no array in it has items without bytes.
    """

    def __init__(self, schema: Any) -> None:
        self._named = dict(schema.get("__named_schemas", ())) if isinstance(schema, dict) else {}
        self._records: dict[str, _Shape] = {}
        self._open: set[str] = set()
        self._is_recursive = False
        # What is entered any number of times, the values that one entry adds, and the bytes that it takes besides its own.
        self._entries: list[tuple[_Shape, int, int]] = []
        self._root = self._shape(schema)
        paid = [(shape.total - less, shape.least + more) for shape, less, more in self._entries]
        self._per_byte = max((values / size for values, size in paid if size), default=0.0)
        self._per_byte += max((values for values, size in paid if not size), default=0)

    def check(self, content: bytes) -> None:
        """Passes a payload that has at most `MAX_VALUES` values more than bytes.

        Raises:
            ManyValuesError: It has more.
            EOFError, LookupError, ValueError: It is none of the schema. Found only where the bytes are walked.
            RecursionError: Hundreds of its records lie within each other.
        """
        limit = MAX_VALUES + len(content)
        if self._is_recursive or self._root.total + self._per_byte * len(content) > limit:
            _Walk(content, limit).enter(self._root)

    def _shape(self, schema: Any) -> "_Shape":
        if not isinstance(schema, dict):
            return self._union(schema) if isinstance(schema, list) else self._of_name(schema)
        kind = schema["type"]
        if kind in _RECORDS:
            return self._record(schema)
        if kind in _BLOCKS:
            return self._blocks(self._shape(schema[_BLOCKS[kind][0]]), _BLOCKS[kind][1])
        if kind in {"fixed", "enum"}:
            return _shape_of_size(schema["size"]) if kind == "fixed" else _shape_of_enum(schema["symbols"])
        return self._shape(kind)

    def _of_name(self, name: str) -> "_Shape":
        if name in _SIZES:
            return _shape_of_size(_SIZES[name])
        if name in {"bytes", "string"}:
            return _Shape(1, [_Walk.skip_text])
        if name in {"int", "long"}:
            return _Shape(1, [_Walk.read_long])
        return self._shape(self._named[name])

    def _record(self, schema: Any) -> "_Shape":
        name = schema["name"]
        self._is_recursive |= name in self._open
        if name not in self._records:
            self._named[name] = schema
            self._open.add(name)
            shape = self._records[name] = _Shape(0, [])
            for field in schema["fields"]:
                shape.add(self._shape(field["type"]), text_values(field["name"]))
            self._open.remove(name)
        return self._records[name]

    def _union(self, schemas: list[Any]) -> "_Shape":
        branches = [self._shape(one) for one in schemas]
        self._entries += [(branch, 1, 0) for branch in branches]

        def step(walk: _Walk) -> None:
            at = walk.read_long()
            if not 0 <= at < len(branches):
                raise ValueError
            walk.values -= 1  # the union's value is the branch's
            walk.enter(branches[at])

        return _Shape(1, [step])

    def _blocks(self, item: "_Shape", key_size: int) -> "_Shape":
        self._entries.append((item, 0, key_size))

        def step(walk: _Walk) -> None:
            while count := walk.read_long():
                if count < 0:
                    walk.read_long()
                for _ in range(abs(count)):
                    if key_size:
                        walk.skip_text()
                    walk.enter(item)

        return _Shape(1, [step])


class _Shape:
    """What a value takes: steps through its bytes, and how many values and bytes it has at least.

    Args:
        size: Least number of bytes.
        steps: Each moves a walk on.
    """

    def __init__(self, size: int, steps: "list[Callable[[_Walk], object]]") -> None:
        self.own, self.total, self.least, self.steps = 1, 1, size, steps

    def add(self, part: "_Shape", name: int) -> None:
        """A record's next field, whose name is worth so many values. What takes no bytes is counted without a step."""
        self.own += name
        self.total += part.total + name
        self.least += part.least
        if part.steps:
            self.steps.append(lambda walk: walk.enter(part))
        else:
            self.own += part.total


def _shape_of_size(size: int) -> _Shape:
    return _Shape(size, [lambda walk: walk.skip(size)] if size else [])


def _shape_of_enum(symbols: list[str]) -> _Shape:
    sizes = [text_values(symbol) for symbol in symbols]
    shape = _Shape(1, [lambda walk: walk.count(sizes[walk.read_long()])])
    shape.total += max(sizes, default=0)
    return shape


class _Walk:
    """A way through the bytes of one payload.

    Args:
        content: The payload.
        limit: Most values.
    """

    def __init__(self, content: bytes, limit: int) -> None:
        self._content, self._limit, self._at, self.values = content, limit, 0, 0

    def enter(self, shape: _Shape) -> None:
        """Counts a value and those within it.

        Raises:
            ManyValuesError: They are more than the limit.
        """
        self.count(shape.own)
        for step in shape.steps:
            step(self)

    def count(self, values: int) -> None:
        """So many values more.

        Raises:
            ManyValuesError: They are more than the limit.
        """
        self.values += values
        if self.values > self._limit:
            raise ManyValuesError

    def read_long(self) -> int:
        """A number in zigzag and groups of seven bits.

        Raises:
            LookupError: The bytes end in it.
            ValueError: It has more than 64 bits.
        """
        number = 0
        for group in range(_MAX_GROUPS):
            byte = self._content[self._at]
            self._at += 1
            number |= (byte & 0x7F) << (7 * group)
            if byte < 0x80:
                return (number >> 1) ^ -(number & 1)
        raise ValueError

    def skip(self, size: int) -> None:
        """So many bytes.

        Raises:
            EOFError: There are fewer.
        """
        self._at += size
        if size < 0 or self._at > len(self._content):
            raise EOFError

    def skip_text(self) -> None:
        """A length, and so many bytes."""
        self.skip(self.read_long())
