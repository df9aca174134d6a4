"""Opens the source of a contract. A kind that needs an extra is imported only when opened, like engines."""

from collections.abc import Callable
from pathlib import Path

from lakeward.contracts.model import Contract
from lakeward.contracts.project import DATASETS
from lakeward.contracts.series_file import SERIES_FILE
from lakeward.contracts.source import FileDropSource, MqttSource, SqlSource
from lakeward.core.clock import Clock
from lakeward.core.connections import ConnectionSettings
from lakeward.core.errors import UsageError
from lakeward.sources.files import FileDrop, ProjectFolders
from lakeward.sources.protocols import Source
from lakeward.sources.segments.source import SegmentSource
from lakeward.sources.sql.source import SqlTable


def open_source(
    contract: Contract, premises: ProjectFolders, landing: Path, clock: Clock, connect: Callable[[str], ConnectionSettings]
) -> Source:
    """The source of the contract's batches.

    Args:
        premises: Folders that the project can read.
        landing: Folder of all datasets' landed files.
        connect: Gives a connection by its name.

    Raises:
        UsageError: A gold dataset has no source.
    """
    match contract.source:
        case FileDropSource() as source:
            return FileDrop(
                dataset=contract.name,
                project=premises,
                source=source,
                format=contract.record_format.format,
                landing=landing,
                clock=clock,
            )
        case MqttSource() as source:
            return SegmentSource(
                dataset=contract.name,
                landing=landing,
                format=contract.record_format.format,
                retention_days=source.retention_days,
                series_file=premises.root / DATASETS / contract.name / SERIES_FILE,
                clock=clock,
            )
        case SqlSource() as source:
            return SqlTable(
                segments=SegmentSource(
                    dataset=contract.name,
                    landing=landing,
                    format=contract.record_format.format,
                    retention_days=source.retention_days,
                    clock=clock,
                ),
                source=source,
                names=tuple(column.source_name for column in contract.columns),
                zone=contract.record_format.zone,
                contract_version=contract.version,
                folder=premises.root / DATASETS / contract.name,
                connect=connect,
            )
        case None:
            raise UsageError("dataset_has_no_source", dataset=contract.name)
