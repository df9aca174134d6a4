"""Writes the custom properties of a drafted contract: source, class of data, time column, series, proposed key."""

from collections.abc import Iterator

from lakeward.contracts.record_format import FileFormat, RecordFormat
from lakeward.grading.catalogue import shipped_rules
from lakeward.profiling.findings import Profile
from lakeward.profiling.layout_text import text_layout, yaml_value
from lakeward.profiling.origin import SampleOrigin


def custom_text(profile: Profile, name: str, zone: str, origin: SampleOrigin | None) -> Iterator[str]:
    """The custom properties of the contract, line by line."""
    yield "customProperties:"
    yield "  - property: source"
    yield "    value:"
    yield from (f"      {line}" for line in (origin.source if origin else _source(profile, name)))
    if origin is None or origin.needs_zone:
        yield f"      timezone: {zone}      # {_zone_evidence(profile)}"
    yield f"  - {{property: dataClass, value: production}}      # CHECK: {', '.join(shipped_rules().classes)}; columns take their grade from it"
    if profile.times:
        yield f"  - {{property: timeColumn, value: {yaml_value(profile.times.column)}}}"
    series = [column for column in profile.key.columns if not profile.times or column != profile.times.column]
    named = list(origin.series) if origin and origin.series else series if len(profile.key.columns) > 1 else []
    if profile.times and named:
        yield f"  - {{property: series, value: [{', '.join(map(yaml_value, named))}]}}"
    if origin and origin.key:
        return
    if profile.key.columns:
        yield from _proposed_key(profile, name, origin)
    else:
        if profile.times and (time := profile.column(profile.times.column)).distinct < time.converted:
            yield f"  # CHECK: {time.name} repeats: {time.distinct:,} different in {time.converted:,} values; what else tells these records apart?"
        yield "  # No column is unique, alone or with the time. Name a key if you know one, or let equal rows count once:"
        if profile.times:
            distinct = profile.column(profile.times.column).distinct
            yield f"  # {profile.times.column} repeats: {distinct:,} different in {profile.rows:,} records"
        yield "  # - {property: duplicates, value: exact}"


def _source(profile: Profile, name: str) -> Iterator[str]:
    record_format = profile.record_format
    yield f"path: inbox/{name}"
    yield f"pattern: {yaml_value('**/*' + profile.suffix)}"
    yield f"format: {record_format.format}"
    if record_format.format is FileFormat.CSV:
        yield f"delimiter: {yaml_value(record_format.delimiter)}      # {profile.agreeing_records} of {profile.sampled_records} sampled records have as many fields"
        yield f"quote: {yaml_value(record_format.quote)}"
        yield f"escape: {yaml_value(record_format.escape)}"
        quoted = "      # CHECK: the delimiter too: numbers with a fraction stand in quotes"
        yield f"decimal: {yaml_value(record_format.decimal)}{quoted * (record_format.decimal == record_format.delimiter)}"
        yield from text_layout(record_format)
    if record_format.format is FileFormat.XLSX:
        yield from _sheet(record_format)
    if record_format.format in {FileFormat.CSV, FileFormat.JSONL}:
        yield f"encoding: {record_format.encoding}      # {_encoding_evidence(record_format)}"
    if record_format.format is not FileFormat.PARQUET:
        yield f"nulls: [{', '.join(map(yaml_value, record_format.nulls))}]      # those that occur, and the empty text"


def _sheet(record_format: RecordFormat) -> Iterator[str]:
    if record_format.sheet is None:
        yield "# sheet: the only one that holds something, whatever its name; name one here to read no other"
    else:
        yield f"sheet: {yaml_value(record_format.sheet)}"
    yield f"headerRow: {record_format.header_row}      # CHECK: the first row of column names; records follow below the last"
    if record_format.header_rows > 1:
        yield f"headerRows: {record_format.header_rows}      # by its merged cells; a column's name is the texts above it, joined with _"
    if record_format.footer:
        yield f"footer: {yaml_value(str(record_format.footer))}      # CHECK: the last rows, from the one that begins so, are no records"


def _encoding_evidence(record_format: RecordFormat) -> str:
    if record_format.encoding in {"utf-8-sig", "utf-16"}:
        return "by its byte order mark"
    return {
        "utf-8": "every byte is UTF-8",
        "cp1252": "neither UTF-8 nor Chinese: check words with accents",
        "latin-1": "neither UTF-8 nor Chinese: check words with accents",
    }.get(record_format.encoding, "decodes, and reads like text")


def _zone_evidence(profile: Profile) -> str:
    if profile.times is None:
        return "the project's; no column holds times"
    converted = profile.column(profile.times.column).converted
    if not profile.times.offsets:
        return "the project's: the times do not say theirs"
    return f"of times that do not say theirs; {profile.times.offsets:,} of {converted:,} do"


def _proposed_key(profile: Profile, name: str, origin: SampleOrigin | None) -> Iterator[str]:
    """The key as a proposal: what is unique in a sample may come again tomorrow, or from another machine."""
    columns = ", ".join(map(yaml_value, profile.key.columns))
    why = " by its name an identifier" if profile.key.is_identifier else ", and by no name an identifier"
    counted = f"{profile.rows:,} different in {profile.rows:,} records of {'the sample' if origin else 'one file'}{why}"
    evidence = f"{' and '.join(profile.key.columns)}: {origin.key_evidence if origin and origin.key_evidence else counted}"
    yield f"  # CHECK: it tells rows apart in the sample. It replaces nothing until: lakeward contract confirm-key {name}"
    yield f"  - {{property: proposedKey, value: [{columns}]}}      # {evidence}"
