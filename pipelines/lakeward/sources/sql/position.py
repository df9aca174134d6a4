"""How far a table has been read. It stands in each segment of the window that reached it, so that no kill can part them."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Self

from lakeward.contracts.source import SqlSource
from lakeward.core.errors import DefinitionError
from lakeward.sources.segments.store import SegmentStore
from lakeward.sources.segments.writer import segment_metadata
from lakeward.sources.sql.landing import METADATA_KEY


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where reading goes on.

    Args:
        mode, column: Of the watermark.
        value: Rows below it were read; None before the first window.
        types: The server's type of each column, by its name.
        contract_version: Version of the contract by which the window was read.
        backfill: The bounds of a window that was read beside the others, and does not move the position.
    """

    mode: str
    column: str
    value: str | None = None
    types: Mapping[str, str] = field(default_factory=dict)
    contract_version: str = ""
    backfill: tuple[str, str] | None = None

    @classmethod
    def newest(cls, store: SegmentStore, source: SqlSource) -> Self:
        """The position of the newest segment.

        Raises:
            DefinitionError: It is one of another watermark.
            MachineError: The segment is damaged.
        """
        start = cls(mode=str(source.watermark.mode), column=source.watermark.column)
        text = segment_metadata(store, store.newest()).get(METADATA_KEY)
        if text is None:
            return start
        found = cls(**json.loads(text))
        if (found.mode, found.column) != (start.mode, start.column):
            facts = {"found": f"{start.mode} {start.column}", "expected": f"{found.mode} {found.column}"}
            raise DefinitionError("sql_other_watermark", folder=store.folder, **facts)
        return found

    def advance(self, value: str | None, types: Mapping[str, str], contract_version: str) -> Self:
        """The position behind a window of the running kind."""
        return replace(self, value=value, types=types, contract_version=contract_version, backfill=None)

    def for_span(self, bounds: tuple[str, str]) -> Self:
        """The same position, for a window that was read beside the others."""
        return replace(self, backfill=bounds)

    def metadata(self) -> dict[str, object]:
        """Its JSON."""
        return asdict(self)
