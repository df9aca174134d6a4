"""Creates a dataset from the readings of a server or of devices: drafts of contract, suite and mapping of series."""

import csv
import io
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lakeward.contracts.payload import ENVELOPE_MARK, RECEIVED, VALUES_WITH_STATUS, PayloadFormat, PayloadKind
from lakeward.contracts.record_format import FileFormat, RecordFormat
from lakeward.contracts.segment_bounds import SegmentBounds
from lakeward.contracts.series_file import COLUMNS, SERIES_FILE
from lakeward.core.errors import UsageError
from lakeward.core.sparkplug.sessions import write_events
from lakeward.core.units import guess_unit
from lakeward.flows.authoring.new import new_dataset_folder
from lakeward.flows.base.workspace import Workspace
from lakeward.profiling import MessageProfile, PayloadLayout, SampleOrigin, draft, profile_messages
from lakeward.sources.segments import SegmentSource, SegmentStore, SegmentWriter, message_schema
from lakeward.sources.sparkplug.segments import session_events

_READINGS = ("series", "ts", "value", "value_text", "status", "quality", "unit")
_FORBIDDEN = re.compile(r"[+#$.\s/]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenReadings:
    """Readings that were looked at.

    Args:
        rows: As a collector lands them.
        schema: Columns of the rows, by name.
        envelope: Fields around a value that columns can name.
        what: What was looked at, for the contract's head.
        source: Lines of the property `source`.
        series: Lines of the mapping, by the names of its columns.
        payload: What the payloads are.
    """

    rows: Sequence[tuple[object, ...]]
    schema: Mapping[str, str]
    envelope: tuple[str, ...]
    what: str
    source: tuple[str, ...]
    series: Sequence[Mapping[str, str]]
    payload: PayloadFormat = VALUES_WITH_STATUS


def draft_readings(workspace: Workspace, name: str, seen: SeenReadings, others: Mapping[str, str]) -> tuple[Path, MessageProfile]:
    """Write the dataset's folder, and with it `others`: file -> its text.

    Raises:
        UsageError: The name is invalid or already used, or no value came.
    """
    folder = new_dataset_folder(workspace, name)
    layout = _layout(seen)
    with tempfile.TemporaryDirectory(prefix="lakeward-look-") as scratch, workspace.engine() as engine:
        found = profile_messages(engine, _land_sample(Path(scratch), seen), layout) if seen.rows else None
    if found is None:
        raise UsageError("new_silent_readings", what=seen.what)
    origin = SampleOrigin(
        what=seen.what,
        source=(*seen.source, f"# CHECK {SERIES_FILE}: {len(seen.series):,} addresses, with series, units and ranges"),
        key_evidence="a value that is sent or read again has the same time",
        received=f"{ENVELOPE_MARK}{RECEIVED}",
        series=("series",),
        needs_zone=False,
    )
    contract, suite = draft(found.profile, name, workspace.project.zone, origin)
    folder.mkdir(parents=True)
    texts = {"contract.odcs.yaml": contract, "suite.json": suite, SERIES_FILE: _series_text(seen.series), **others}
    for file, text in texts.items():
        (folder / file).write_text(text, encoding="utf-8")
    return folder, found


def series_name(levels: Sequence[str]) -> str:
    """Name of a series by the levels of a path: small letters, with `/` between."""
    return "/".join(_FORBIDDEN.sub("_", level.strip().lower()) for level in levels)


def ucum_code(sign: str) -> str:
    """UCUM code of a unit's sign; empty where it is not known."""
    found = guess_unit(sign) if sign else None
    return found.code if found else ""


def _layout(seen: SeenReadings) -> PayloadLayout:
    names = dict(zip(_READINGS, _READINGS, strict=True)) | {
        "address": f"{ENVELOPE_MARK}address",
        RECEIVED: f"{ENVELOPE_MARK}{RECEIVED}",
    }
    return PayloadLayout(
        record_format=RecordFormat(format=FileFormat.MESSAGES, payload=replace(seen.payload, envelope=seen.envelope), zone="UTC"),
        names=names,
        lines=(),
        address="series",
        time="ts",
        has_readings=True,
    )


def _land_sample(scratch: Path, seen: SeenReadings) -> Any:
    """The values as one segment, which the product's decoder reads."""
    mapping = scratch / SERIES_FILE
    mapping.write_text(_series_text(seen.series), encoding="utf-8")
    source = SegmentSource(dataset="look", landing=scratch, format=FileFormat.MESSAGES, series_file=mapping)
    source.receive()
    writer = SegmentWriter.open(SegmentStore.of_dataset(scratch, "look"), SegmentBounds(), message_schema(seen.schema))
    for row in seen.rows:
        writer.add(row, 0, 0.0)
    writer.land()
    writer.close()
    [landed] = source.inputs(0, 1)
    if seen.payload.kind is PayloadKind.SPARKPLUG:
        return replace(landed, births=write_events(session_events([landed]), scratch / "births.jsonl"))
    return landed


def _series_text(lines: Sequence[Mapping[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, tuple(COLUMNS), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue()
