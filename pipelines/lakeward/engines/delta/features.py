"""The features of the Delta protocol, and whether tables that others made with them are read here. A feature that is not is an error that names it.

Source: Delta protocol, "Valid Feature Names in Table Features". A feature of writers alone changes nothing that a reader sees.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from deltalake import DeltaTable

# How the Delta kernel, which DuckDB and deltalake both use, names a table feature or protocol version that it does not know, and
# tables whose log is kept by a catalogue.
_UNSUPPORTED = re.compile(r"Unsupported: (?:Feature )?'?([^'\n]+)")
_CATALOG = re.compile(r"max[_ ]catalog[_ ]version|catalog-managed", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DeltaFeature:
    """One feature.

    Args:
        name: As the protocol writes it.
        is_read: Rows of tables with it are read as they are; False: the table is refused, naming the feature.
        for_readers: Readers must know it; otherwise only writers.
        note: What of it is seen when the table is read, or why it is refused.
    """

    name: str
    is_read: bool
    for_readers: bool
    note: str


def _for_writers(*names: str, note: str) -> tuple[DeltaFeature, ...]:
    return tuple(DeltaFeature(name, is_read=True, for_readers=False, note=note) for name in names)


FEATURES: tuple[DeltaFeature, ...] = (
    DeltaFeature(
        "columnMapping",
        is_read=True,
        for_readers=True,
        note="By name and by id, with partitions, renamed, swapped and dropped columns, and inside structs, lists and maps. Refused "
        "where files have the ids of columns under other names than the table says.",
    ),
    DeltaFeature("deletionVectors", is_read=True, for_readers=True, note="Deleted rows are left out."),
    DeltaFeature("timestampNtz", is_read=True, for_readers=True, note="A time without a zone; `check` sees it as UTC."),
    DeltaFeature("typeWidening", is_read=True, for_readers=True, note="Values of older files are seen in the newer type."),
    DeltaFeature("typeWidening-preview", is_read=True, for_readers=True, note="As `typeWidening`."),
    DeltaFeature("v2Checkpoint", is_read=True, for_readers=True, note="Checkpoints of either form, with sidecars or without."),
    DeltaFeature("vacuumProtocolCheck", is_read=True, for_readers=True, note="Asks nothing of who reads."),
    DeltaFeature("variantType", is_read=False, for_readers=True, note="DuckDB does not read shredded variants."),
    DeltaFeature("variantType-preview", is_read=False, for_readers=True, note="As `variantType`."),
    DeltaFeature("variantShredding", is_read=False, for_readers=True, note="As `variantType`."),
    DeltaFeature("variantShredding-preview", is_read=False, for_readers=True, note="As `variantType`."),
    DeltaFeature("geospatial", is_read=False, for_readers=True, note="The Delta kernel does not know it."),
    DeltaFeature("catalogManaged", is_read=False, for_readers=True, note="Its newest commits are known to a catalogue alone."),
    DeltaFeature("catalogOwned-preview", is_read=False, for_readers=True, note="As `catalogManaged`."),
    *_for_writers("appendOnly", "invariants", "checkConstraints", note="Rules for writers; rows are read as they are stored."),
    *_for_writers("generatedColumns", "identityColumns", "allowColumnDefaults", note="Values are stored, and read as such."),
    *_for_writers("changeDataFeed", note="The table is read, not its feed."),
    *_for_writers(
        "domainMetadata", "rowTracking", "clustering", "materializePartitionColumns", note="Nothing of it is in the rows."
    ),
    *_for_writers("inCommitTimestamp", note="Times of commits, which no query here asks for."),
    *_for_writers("icebergCompatV1", "icebergCompatV2", "icebergCompatV3", note="Rules for writers, with `columnMapping`."),
    *_for_writers("icebergWriterCompatV1", "icebergWriterCompatV3", note="As `icebergCompatV2`."),
    *_for_writers("checkpointProtection", "collations-preview", "coordinatedCommits-preview", note="Asks nothing of who reads."),
)
_READ = frozenset(feature.name for feature in FEATURES if feature.is_read)


def unreadable_features(table: DeltaTable) -> tuple[str, ...]:
    """Features of the table that its readers must know, and that are not read here."""
    return tuple(sorted(set(table.protocol().reader_features or ()) - _READ))


def refused_feature(message: str) -> str | None:
    """The feature, or the version, that the Delta kernel refused a table for; None where it was another reason."""
    if found := _UNSUPPORTED.search(message):
        return found[1]
    return "catalogManaged" if _CATALOG.search(message) else None


def mapped_names(table: DeltaTable) -> dict[str, str]:
    """Physical name of each id in a table whose columns are found by id, those inside structs, lists and maps too; else nothing."""
    if table.metadata().configuration.get("delta.columnMapping.mode") != "id":
        return {}
    return dict(_mapped_fields(json.loads(table.schema().to_json())))


def _mapped_fields(node: object) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        metadata = node.get("metadata") or {}
        if "delta.columnMapping.id" in metadata:
            yield str(metadata["delta.columnMapping.id"]), str(metadata["delta.columnMapping.physicalName"])
        for value in node.values():
            yield from _mapped_fields(value)
    if isinstance(node, list):
        for value in node:
            yield from _mapped_fields(value)
