"""The fixed form of identifiers, as a regular expression: `M-017`, `L2.TT.104`. Free text has none."""

import re
from collections.abc import Sequence

# Limits of length and parts: longer texts are sentences, or identifiers without a useful rule.
LONGEST, PARTS = 40, 9
# Kinds of identifiers in one column, and how many values each must have: one of a kind is a slip, not a form.
FORMS, OFTEN = 3, 10

_RUN = re.compile(r"[0-9]+|[A-Z]+|[a-z]+|[\u4e00-\u9fff]+|[^0-9A-Za-z\u4e00-\u9fff]")
_CLASSES = (
    ("[0-9]", re.compile("[0-9]")),
    ("[A-Z]", re.compile("[A-Z]")),
    ("[a-z]", re.compile("[a-z]")),
    ("[一-鿿]", re.compile("[\u4e00-\u9fff]")),
)


def fixed_form(values: Sequence[str]) -> str | None:
    """A pattern that all values match; None if they have no common form, or no digits."""
    if len(values) < 2 or max(map(len, values)) > LONGEST:
        return None
    shapes: dict[tuple[str, ...], list[list[str]]] = {}
    for value in values:
        runs = _RUN.findall(value)
        shapes.setdefault(tuple(map(_class, runs)), []).append(runs)
    if len(shapes) > 1 and (len(shapes) > FORMS or min(map(len, shapes.values())) < OFTEN):
        return None
    if any(len(shape) > PARTS or "[0-9]" not in shape or " " in shape for shape in shapes):
        return None
    forms = sorted("".join(map(_part, shape, zip(*runs, strict=True))) for shape, runs in shapes.items())
    return f"^{forms[0]}$" if len(forms) == 1 else f"^({'|'.join(forms)})$"


def _class(run: str) -> str:
    return next((name for name, first in _CLASSES if first.match(run)), run)


def _part(name: str, texts: Sequence[str]) -> str:
    if len(set(texts)) == 1 and name != "[0-9]":
        return re.escape(texts[0])
    low, high = min(map(len, texts)), max(map(len, texts))
    return f"{name}{{{low}}}" if low == high else f"{name}{{{low},{high}}}"
