"""Versions of a dataset's schemas of payloads, each with the number of the first segment that it holds for."""

from dataclasses import dataclass
from pathlib import Path

from lakeward.contracts.payload_schemas import SchemaSet, read_schema_set
from lakeward.sources.segments.series import land_version, newest_version, version_of
from lakeward.sources.segments.store import SegmentStore

_ENDING = ".json"


@dataclass(frozen=True, slots=True)
class LandedSchemas:
    """The schemas beside the segments of a dataset."""

    folder: Path
    store: SegmentStore

    def current(self) -> SchemaSet:
        """The schemas that hold for the segments to come."""
        return read_schema_set(self.file_of(self.store.newest() + 1))

    def land(self, schemas: SchemaSet) -> None:
        """Keep them as those of the segments to come, if they are others than before.

        Raises:
            MachineError: The landing can't be written.
        """
        if schemas.schemas:
            land_version(self.folder, schemas.to_json(), self.store.newest(), _ENDING)

    def newest(self) -> int:
        """Number of the newest version; 0 without one."""
        return newest_version(self.folder, _ENDING)

    def file_of(self, number: int) -> Path | None:
        """The version that holds for segment `number`; None where there is none."""
        return version_of(self.folder, number, _ENDING)
