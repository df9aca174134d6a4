"""Writes the draft of a contract: ODCS v3.2, each finding with evidence in a comment. As text, because YAML writers drop comments.

Never writes a value of the file: evidence is counts.
"""

from collections.abc import Iterator

from lakeward.contracts.glossary import Glossary
from lakeward.contracts.model import COUNTED_TIMES, Kind
from lakeward.contracts.placeholders import DRAFTED_OWNER, drafted_purpose
from lakeward.core.shares import percent
from lakeward.grading.proposal import GradeProposal, Reason
from lakeward.profiling.business_names import business_name_lines
from lakeward.profiling.custom_text import custom_text
from lakeward.profiling.findings import NUMBERS, ColumnProfile, Profile
from lakeward.profiling.layout_text import yaml_value
from lakeward.profiling.origin import SampleOrigin
from lakeward.profiling.sla_text import sla_text
from lakeward.profiling.suite_text import delay_name

LOGICAL = {Kind.INTEGER: "integer", Kind.DOUBLE: "number", Kind.DECIMAL: "number", Kind.BOOLEAN: "boolean"} | {
    kind: str(kind) for kind in (Kind.STRING, Kind.DATE, Kind.TIMESTAMP)
}


def contract_text(profile: Profile, name: str, zone: str, origin: SampleOrigin | None, glossary: Glossary) -> str:
    """The contract as YAML, ending with a line end."""
    parts = (
        _head(profile, name, origin),
        _schema(profile, name, origin, glossary),
        sla_text(profile),
        custom_text(profile, name, zone, origin),
    )
    return "\n".join(line for part in parts for line in part) + "\n"


def _head(profile: Profile, name: str, origin: SampleOrigin | None) -> Iterator[str]:
    files = origin.what if origin else "one file" if profile.files == 1 else f"{profile.files:,} files"
    yield f"# Drafted from {profile.rows:,} records of {files} ({profile.rejects:,} more could not be read). Correct it: it promises what you leave in."
    for drift in profile.drift:
        yield f"# CHECK {yaml_value(drift.file)}: lacks {_names(drift.missing)}; has beside the first file's: {_names(drift.own)}"
    yield "apiVersion: v3.2.0"
    yield "kind: DataContract"
    yield f"id: urn:lakeward:{name}"
    yield f"name: {name}"
    yield "version: 1.0.0"
    yield "status: draft"
    yield "domain: production"
    yield "description:"
    yield f"  purpose: {yaml_value(drafted_purpose(name))}"
    yield "team:"
    yield "  name: data"
    yield "  members:"
    yield f"    - {{username: {DRAFTED_OWNER}, role: owner}}      # who answers for it"


def _names(columns: tuple[str, ...]) -> str:
    return ", ".join(map(yaml_value, columns)) or "no column"


def _schema(profile: Profile, name: str, origin: SampleOrigin | None, glossary: Glossary) -> Iterator[str]:
    yield "schema:"
    yield f"  - name: {name}"
    yield "    logicalType: object"
    yield "    properties:"
    for column in profile.columns:
        yield from _column(profile, column, origin, glossary)
        yield from _quality(profile, column)
    if origin and origin.received and profile.times:
        yield from _delay(delay_name(profile), origin.received, profile.times.column)
    for header in profile.left_out:
        yield f"      # CHECK: {yaml_value(header)} is left out: its values are bytes (Parquet BYTE_ARRAY, binary), and a contract has no type of them."
        yield "      # Deliver it as text (hexadecimal or base64), and add a column of logicalType string."


def _column(profile: Profile, column: ColumnProfile, origin: SampleOrigin | None, glossary: Glossary) -> Iterator[str]:
    key = origin.key if origin else ()
    evidence = origin.types.get(column.name) if origin else None
    yield f"      - name: {yaml_value(column.name)}"
    if column.source_name != column.name and not column.joined_names:
        yield f"        physicalName: {yaml_value(column.source_name)}"
    yield f"        logicalType: {LOGICAL.get(column.type.kind, 'string')}      # {_conversion(profile, column)}"
    yield from _doubts(column)
    if column.type.kind is Kind.DECIMAL:
        yield f"        physicalType: {yaml_value(str(column.type))}      # {evidence or 'money, by its name: exact'}"
    if column.name in key:
        yield "        required: true"
        yield f"        primaryKey: true      # {' and '.join(key)}: the primary key in the database"
        yield f"        primaryKeyPosition: {key.index(column.name) + 1}"
    elif profile.times and column.name == profile.times.column and column.filled == profile.rows:
        yield "        required: true      # no value is missing"
    if column.grade_proposal and column.grade_proposal.sensitivity:
        yield f"        classification: {column.grade_proposal.sensitivity.grade}      # {_content_evidence(column.grade_proposal)}"
    yield from business_name_lines(column, glossary)
    custom = list(_custom_properties(column))
    if custom:
        yield "        customProperties:"
        yield from custom


def _delay(name: str, received: str, time: str) -> Iterator[str]:
    """A column by which late rows and clocks that are ahead are found."""
    yield f"      - name: {yaml_value(name)}"
    yield f"        physicalName: {yaml_value(received)}"
    yield "        logicalType: number      # seconds from source time to receipt: much is late, and less than 0 a clock that is ahead"
    yield "        customProperties:"
    yield "          - {property: unit, value: s}"
    yield f"          - {{property: delayOf, value: {yaml_value(time)}}}"


def _quality(profile: Profile, column: ColumnProfile) -> Iterator[str]:
    """A column that tells the quality of a reading whose place words of historians take."""
    name = f"{column.name}_quality"
    words = set(column.nulls) - set(column.suspects)
    if not words or column.type.kind not in NUMBERS or name in {other.name for other in profile.columns}:
        return
    yield f"      - name: {yaml_value(name)}"
    yield f"        logicalType: integer      # 0 where {column.name} has a value, else a code of OPC UA for the word that stands there"
    yield "        customProperties:"
    yield f"          - {{property: qualityOf, value: {yaml_value(column.name)}}}"


def _doubts(column: ColumnProfile) -> Iterator[str]:
    if column.unread_times:
        yield f"        # CHECK: its texts look like times, and stay texts: {column.unread_times}"
    if column.doubt:
        yield f"        # CHECK: {column.doubt}"
    if column.unsure_sign:
        yield f"        # CHECK: {yaml_value(column.unsure_sign)} may be the decimal sign or stand between thousands: no number of the file says which; see `decimal` and `thousands`"
    if column.finer:
        yield f"        # CHECK: {column.finer:,} values are finer than microseconds, which a table keeps: what is finer is cut"
    if column.infinite:
        yield f"        # CHECK: {column.infinite:,} values are infinite, which no number of a contract is: {_infinite_rows(column)}"


def _infinite_rows(column: ColumnProfile) -> str:
    if column.type.kind is Kind.STRING:
        return "with fewer of them it would be a column of numbers; `nulls` takes them for no value"
    return "their rows are quarantined; `nulls` takes them for no value"


def _conversion(profile: Profile, column: ColumnProfile) -> str:
    missing = profile.rows - column.filled
    share = f"; {missing:,} of {profile.rows:,} are missing ({percent(missing / profile.rows)})" if missing else ""
    if not column.filled:
        return "the sample has no value of it"
    return f"{column.converted:,} of {column.filled:,} values convert, {column.distinct:,} different{share}"


def _content_evidence(content: GradeProposal) -> str:
    level = "" if content.sensitivity is None or content.sensitivity.level is None else f"level {content.sensitivity.level}, "
    verb = {Reason.IS: "its values are", Reason.NAMED: "its name says"}.get(content.why, "some of its texts hold")
    return f"{level}{content.category}: {verb} that, by {content.rule_version}"


def _custom_properties(column: ColumnProfile) -> Iterator[str]:
    if column.unit:
        yield f"          - {{property: unit, value: {yaml_value(column.unit)}}}      # UCUM, {column.unit_evidence}"
    if column.nulls:
        far = "times" if column.type.kind in {Kind.TIMESTAMP, Kind.DATE} else "numbers"
        kind = f"{far} far from all others" if column.suspects else "words of historians"
        yield f"          - {{property: nulls, value: [{', '.join(map(yaml_value, column.nulls))}]}}      # CHECK: {kind}, taken for no value"
    if column.joined_names:
        yield f"          - {{property: joins, value: [{', '.join(map(yaml_value, column.joined_names))}]}}      # date and time stand in two columns"
    if column.time_format:
        rivals = " or ".join(yaml_value(rival) for rival in column.rival_formats)
        doubt = (
            f"CHECK: {rivals} fits as well; of these, by this one the file is most in order"
            if rivals
            else "no other format fits as many values"
        )
        if column.time_format in COUNTED_TIMES:
            doubt = "CHECK: numbers that may count time, by their size and the column's name"
        yield f"          - {{property: timeFormat, value: {yaml_value(column.time_format)}}}      # {doubt}"
