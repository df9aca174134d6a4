"""Opens the source of a contract. A kind that needs an extra is imported only when opened, like engines."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lakeward.contracts.collected_source import HttpSource, ModbusSource, OpcUaSource, SparkplugSource
from lakeward.contracts.model import Contract
from lakeward.contracts.project import DATASETS
from lakeward.contracts.record_format import FileFormat
from lakeward.contracts.series_file import SERIES_FILE
from lakeward.contracts.source import (
    COLLECTED_SOURCES,
    LANDED_SOURCES,
    FileDropSource,
    KafkaSource,
    MqttSource,
    OpcUaHistorySource,
    SqlSource,
)
from lakeward.core.clock import Clock
from lakeward.core.connections import ConnectionSettings
from lakeward.core.dataset_names import NOT_RENAMED, NameHistory
from lakeward.core.errors import UsageError
from lakeward.core.storage.bucket import CopiedBucket
from lakeward.core.storage.lake import Lake
from lakeward.sources.files import FileDrop, ProjectFolders
from lakeward.sources.history.source import OpcUaHistory
from lakeward.sources.kafka.source import KafkaTopic
from lakeward.sources.landing_copies import LandingCopies
from lakeward.sources.protocols import Source
from lakeward.sources.segments.copies import SegmentCopies
from lakeward.sources.segments.source import SegmentSource
from lakeward.sources.sql.source import SqlTable

# Folder of the landing in a lake.
LANDING = "landing"


@dataclass(frozen=True, slots=True)
class Landing:
    """Where landed files lie.

    Args:
        folder: Folder of this machine.
        store: The object store in which the lake lies; None if the folder is part of the lake.
        names: Names of renamed datasets, whose files lie under their first names.
    """

    folder: Path
    store: CopiedBucket | None = None
    names: NameHistory = NOT_RENAMED

    @classmethod
    def of_lake(cls, lake: Lake) -> "Landing":
        """The landing of a lake."""
        return cls(lake.files / LANDING, lake.bucket(), lake.names)

    def copies(self, dataset: str) -> LandingCopies | None:
        """The landing in the object store of the dataset of this stored name; None without one."""
        return LandingCopies(self.store, self.folder / dataset, f"{LANDING}/{dataset}") if self.store else None

    def segments(self, contract: Contract) -> SegmentCopies | None:
        """The segments of the dataset in the object store; None without one, and of a source without segments."""
        if self.store is None or not isinstance(contract.source, LANDED_SOURCES):
            return None
        stored, is_reread = self.names.stored_name(contract.name), not isinstance(contract.source, COLLECTED_SOURCES)
        return SegmentCopies(self.store, self.folder, stored, is_reread)


def open_source(
    contract: Contract, premises: ProjectFolders, landing: Landing, clock: Clock, connect: Callable[[str], ConnectionSettings]
) -> Source:
    """The source of the contract's batches.

    Args:
        premises: Folders that the project can read.
        landing: Where landed files of all datasets lie.
        connect: Gives a connection by its name.

    Raises:
        UsageError: A gold dataset has no source.
    """
    folder, stored = landing.folder, landing.names.stored_name(contract.name)
    match contract.source:
        case FileDropSource() as source:
            return FileDrop(
                dataset=stored,
                project=premises,
                source=source,
                format=contract.record_format.format,
                landing=folder,
                clock=clock,
                copies=landing.copies(stored),
            )
        case MqttSource() | HttpSource() | OpcUaSource() | ModbusSource() | SparkplugSource():
            return _segments(contract, premises, landing, clock)
        case KafkaSource() as source:
            return KafkaTopic(segments=_segments(contract, premises, landing, clock), source=source, connect=connect, clock=clock)
        case OpcUaHistorySource() as source:
            return OpcUaHistory(
                segments=_segments(contract, premises, landing, clock),
                source=source,
                series_file=premises.root / DATASETS / contract.name / SERIES_FILE,
                connect=connect,
                clock=clock,
            )
        case SqlSource() as source:
            return SqlTable(
                segments=_segments(contract, premises, landing, clock),
                source=source,
                names=tuple(column.source_name for column in contract.columns),
                zone=contract.record_format.zone,
                contract_version=contract.version,
                folder=premises.root / DATASETS / contract.name,
                connect=connect,
            )
        case None:
            raise UsageError("dataset_has_no_source", dataset=contract.name)


def _segments(contract: Contract, premises: ProjectFolders, landing: Landing, clock: Clock) -> SegmentSource:
    """The landed segments of the dataset; messages have a mapping of series."""
    assert contract.source
    dataset = premises.root / DATASETS / contract.name
    has_messages = contract.record_format.format is FileFormat.MESSAGES
    return SegmentSource(
        dataset=landing.names.stored_name(contract.name),
        landing=landing.folder,
        format=contract.record_format.format,
        retention_days=contract.source.retention_days,
        series_file=dataset / SERIES_FILE if has_messages else None,
        payload=contract.record_format.payload,
        folder=dataset,
        copies=landing.segments(contract),
        clock=clock,
    )
