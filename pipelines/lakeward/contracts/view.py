"""Reads a mapping entry by entry and collects all faults, so that one run reports every error.

A wrong entry returns its default. The caller must check the faults before it uses the result.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lakeward.contracts.document import Fault, KeyPath, safe_repr
from lakeward.core.messages import Phrase
from lakeward.core.settings import ENGINES
from lakeward.core.spelling import did_you_mean, is_slip

Choice = TypeVar("Choice", bound=StrEnum)
Parsed = TypeVar("Parsed")

TEXT = Phrase("phrase_text")
# Similarity of `timeColum` and `timeColumn`, above which an unknown property counts as misspelt.
MIN_SIMILARITY = 0.8


@dataclass(slots=True)
class View:
    """One mapping and its faults.

    Args:
        values: The mapping; entries that are null count as absent.
        key_path: Path to it.
        faults: List of faults, shared by all views of a document.
        moved_paths: Paths of entries from elsewhere (custom properties).
    """

    values: Mapping[str, Any]
    key_path: KeyPath
    faults: list[Fault]
    moved_paths: Mapping[str, KeyPath] = field(default_factory=dict)

    def fail(self, key: str | None, code: str, /, **facts: object) -> None:
        """Collect a fault at entry `key`, or at the mapping itself."""
        steps = self.key_path if key is None else self.moved_paths.get(key, (*self.key_path, key))
        self.faults.append(Fault(steps, code, facts))

    def fail_value(self, key: str, expected: str | Phrase) -> None:
        """Collect that `key` is missing or not as `expected`."""
        if self.values.get(key) is None:
            self.fail(key, "contract_missing", key=key, expected=expected)
        else:
            self.fail(key, "contract_value", key=key, expected=expected, found=safe_repr(self.values[key]))

    def entry(
        self, key: str, expected: str | Phrase, read: Callable[[Any], Parsed | None], default: Parsed | None = None
    ) -> Parsed | None:
        """Return `read(value)`. Collect a fault if that is None, or if the entry is missing and has no default."""
        value = self.values.get(key)
        if value is None and default is not None:
            return default
        result = None if value is None else read(value)
        if result is None:
            self.fail_value(key, expected)
        return default if result is None else result

    def text(self, key: str, default: str | None = None, expected: str | Phrase = TEXT) -> str:
        """A text; without `default` it must not be empty."""
        return (
            self.entry(key, expected, lambda v: v if isinstance(v, str) and (v or default is not None) else None, default) or ""
        )

    def zone(self, key: str, default: str | None = None) -> str:
        """An IANA time zone."""
        return self.entry(key, Phrase("phrase_zone"), _zone, default) or ""

    def engine(self) -> str | None:
        """The engine that `engine` names; absent: None."""
        return (
            self.entry(
                "engine", Phrase("phrase_either", first=ENGINES[0], second=ENGINES[1]), lambda v: v if v in ENGINES else None, ""
            )
            or None
        )

    def positive_integer(self, key: str, default: int) -> int:
        """A positive whole number."""
        return self.entry(key, Phrase("phrase_whole_positive"), lambda v: v if type(v) is int and v > 0 else None, default) or 0

    def flag(self, key: str) -> bool:
        """True or false; absent: false."""
        return bool(self.entry(key, Phrase("phrase_flag"), lambda v: v if isinstance(v, bool) else None, default=False))

    def choice(self, key: str, allowed: Sequence[Choice], default: Choice | None = None) -> Choice:
        """One of `allowed`; without `default` it is required."""
        by_text = {str(option): option for option in allowed}
        choice = self.entry(key, ", ".join(by_text), lambda v: by_text.get(v) if isinstance(v, str) else None, default)
        return choice or allowed[0]

    def texts(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A list of texts; absent: `default`."""
        return self.entry(key, Phrase("phrase_texts"), _texts, default) or ()

    def mapping(self, key: str) -> "View":
        """The mapping at `key`; absent or wrong: an empty one."""
        return View(
            self.entry(key, Phrase("phrase_mapping"), _mapping, {}) or {},
            self.moved_paths.get(key, (*self.key_path, key)),
            self.faults,
        )

    def mappings(self, key: str) -> list["View"]:
        """The mappings of the list at `key`; absent or wrong: none."""
        none: tuple[dict[str, Any], ...] = ()
        items = self.entry(key, Phrase("phrase_mappings"), _mappings, none) or none
        return [View(item, (*self.key_path, key, at), self.faults) for at, item in enumerate(items)]

    def allow_only(self, keys: Iterable[str]) -> None:
        """Collect every entry that is not one of `keys`."""
        for key in self.values:
            if key not in keys:
                self.fail(key, "contract_unknown_key", key=safe_repr(key), close=did_you_mean(key, keys))


def properties_by_name(view: View, list_key: str, known_names: Iterable[str]) -> dict[str, View]:
    """The items of a list of `{property: …, value: …}` by property. Unknown ones are allowed unless similar to `known`."""
    items: dict[str, View] = {}
    for item in view.mappings(list_key):
        key = item.text("property")
        if key in items:
            item.fail("property", "contract_duplicate_key", key=safe_repr(key))
        if is_slip(key, known_names, MIN_SIMILARITY):
            item.fail("property", "contract_unknown_key", key=safe_repr(key), close=did_you_mean(key, known_names))
        items[key] = item
    return items


def custom_properties(view: View, known_names: Iterable[str]) -> View:
    """The custom properties of `view` as one mapping."""
    items = properties_by_name(view, "customProperties", known_names)
    values = {key: item.values.get("value") for key, item in items.items()}
    return View(values, view.key_path, view.faults, {key: (*item.key_path, "value") for key, item in items.items()})


def _zone(value: Any) -> str | None:
    try:
        return ZoneInfo(value).key if isinstance(value, str) and value else None
    except (ValueError, OSError, ZoneInfoNotFoundError):  # a path, a folder of the zone data, an unknown zone
        return None


def _texts(value: Any) -> tuple[str, ...] | None:
    return tuple(value) if isinstance(value, list) and all(isinstance(item, str) for item in value) else None


def _mapping(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


def _mappings(value: Any) -> tuple[dict[str, Any], ...] | None:
    return tuple(value) if isinstance(value, list) and all(isinstance(item, dict) for item in value) else None
