"""What renamed datasets are called, and under which name their tables and records lie: always the first one."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from lakeward.core.names import Layer, TableName

# A dataset's name is the second part of the name of a Delta application or a job: `decide/press_line`, `ingest.press_line.silver`.
_SECOND = re.compile(r"([^/.]+[/.])([a-z][a-z0-9_]{0,62})(?=$|[/.#])")


@dataclass(frozen=True, slots=True)
class NameHistory:
    """The names of renamed datasets; a dataset that was never renamed is in none.

    Args:
        renames: Old and new name of each renaming, the oldest first.
    """

    renames: tuple[tuple[str, str], ...] = ()
    _stored: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    _current: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def after(cls, renames: Iterable[tuple[str, str]]) -> Self:
        """The names after these renamings."""
        done, stored, newest = tuple(renames), dict[str, str](), dict[str, str]()
        for old, new in done:
            first = stored.get(old, old)
            stored |= {old: first, new: first}
            newest[first] = new
        return cls(done, stored, {name: newest[first] for name, first in stored.items()})

    def __bool__(self) -> bool:
        return bool(self.renames)

    def stored_name(self, name: str) -> str:
        """The name under which tables and records of the dataset lie, by any name that it has or had."""
        return self._stored.get(name, name)

    def current(self, name: str) -> str:
        """What the dataset is called now, by any name that it has or had."""
        return self._current.get(name, name)

    def all_of(self, name: str) -> tuple[str, ...]:
        """Every name that the dataset has or had, by any of them; of one that was never renamed its own."""
        stored = self.stored_name(name)
        return tuple(one for one, first in self._stored.items() if first == stored) or (name,)

    def former(self) -> dict[str, str]:
        """Each name that a dataset had and has no more -> its name now."""
        return {name: current for name, current in self._current.items() if name != current}

    def stored_names(self) -> dict[str, str]:
        """Each name under which nothing lies -> the one under which it does."""
        return {name: stored for name, stored in self._stored.items() if name != stored}

    def stored_table(self, table: TableName) -> TableName:
        """The table by the name under which it lies; governance tables belong to no dataset."""
        return table if table.layer is Layer.GOVERNANCE else TableName(table.layer, self.stored_name(table.name))

    def current_table(self, table: TableName) -> TableName:
        """The table by the name of its dataset now."""
        return table if table.layer is Layer.GOVERNANCE else TableName(table.layer, self.current(table.name))

    def stored_application(self, app: str) -> str:
        """The name of a Delta application that has a dataset's name after its first part, by the stored name."""
        found = _SECOND.match(app)
        return f"{found[1]}{self.stored_name(found[2])}{app[found.end() :]}" if found else app

    def current_application(self, app: str) -> str:
        """The name of a Delta application as programs ask for it now."""
        found = _SECOND.match(app)
        return f"{found[1]}{self.current(found[2])}{app[found.end() :]}" if found else app


NOT_RENAMED = NameHistory()
