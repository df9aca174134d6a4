"""Keys of a column that Lakeward reads: those of the standard, and custom properties."""

from collections.abc import Mapping

from lakeward.contracts.model import Kind
from lakeward.core.keys import KeyDoc

LOGICAL = {
    "string": Kind.STRING,
    "integer": Kind.INTEGER,
    "number": Kind.DOUBLE,
    "boolean": Kind.BOOLEAN,
    "date": Kind.DATE,
    "timestamp": Kind.TIMESTAMP,
}
# Keys of a column that Lakeward reads.
KEYS: Mapping[str, KeyDoc] = {
    "name": KeyDoc(
        "text", "Name in silver and gold: letters, digits and `_`, starting with a letter, at most 127.", required=True
    ),
    "physicalName": KeyDoc("text", "Name in the source's files.", "`name`"),
    "logicalType": KeyDoc("text", f"{', '.join(f'`{name}`' for name in LOGICAL)}.", required=True),
    "physicalType": KeyDoc(
        "text", "`decimal(p,s)` makes a `number` exact, with up to 38 digits; anything else is for people.", "none"
    ),
    "required": KeyDoc(
        "true or false", "A row without a value goes to quarantine, a file without the column to rejects.", "`false`"
    ),
    "primaryKey": KeyDoc("true or false", "The column is part of the key; it must be `required`.", "`false`"),
    "primaryKeyPosition": KeyDoc("whole number", "Place of the column in the key, from 1.", "order of the columns"),
    "businessName": KeyDoc(
        "text", "Name for people, in both languages with ` / ` between: `Order number / 工单号`.", "none: pages show `name`"
    ),
    "description": KeyDoc("text", "What the column means, for people: sentences in one language, then in the other.", "none"),
    "authoritativeDefinitions": KeyDoc(
        "list of mappings",
        "One whose `url` is `expectations/glossary.yaml#TERM` refers to an approved term of the [glossary](terms.md); others are for people.",
        "none",
    ),
    "classification": KeyDoc("text", "`core`, `important` or `general`: raises the grade, never lowers it.", "none"),
}
# Custom properties of a column.
CUSTOM: Mapping[str, KeyDoc] = {
    "unit": KeyDoc("text", "UCUM code of a number's unit, such as `Cel` or `kW`.", "none"),
    "units": KeyDoc(
        "list of UCUM codes",
        "Of a `number` whose readings come in several units: those that they have in silver, one of each quantity, such as `[Cel, bar]`. A reading in another unit of "
        "that quantity is converted, factor and offset, and its unit becomes this one; bronze keeps both as received. A unit of another quantity, or one "
        "that is not known, stays with its reading.",
        "none: readings stay as they came",
    ),
    "unitColumn": KeyDoc("name of a column", "With `units`: the `string` that says in which unit each reading came.", "none"),
    "band": KeyDoc(
        "number or text",
        "How far the policy's `generalise` goes: of a number the width of a band, in the column's unit; of a timestamp `hour`, `day`, "
        "`week`, `month`, `quarter` or `year`; of a date `week` to `year`; of an address or a code by GB/T 2260 `province`, `city` or "
        "`district`.",
        "a number's first digit, in bands of at least ten; `day`; `month` of a date; a text's length",
    ),
    "accuracy": KeyDoc(
        "number",
        "Values are right within plus or minus this, in the column's unit, such as `0.05`. Copies for recipients may deviate from the "
        "table by up to half of it: that is their fingerprint.",
        "none: copies hold the values as they are",
    ),
    "resolution": KeyDoc(
        "number",
        "Smallest step of the readings, in the column's unit, such as `0.01`. A fingerprint needs an `accuracy` of at least four steps.",
        "the smallest step of an exact type; a binary number with an `accuracy` must state it",
    ),
    "timeFormat": KeyDoc(
        "text",
        "strptime pattern of a date or timestamp in text, such as `%d/%m/%Y %H:%M`; or how a timestamp is counted: "
        "`epoch_s`, `epoch_ms`, `epoch_us`, `epoch_ns` since 1970 in UTC, `excel` in days.",
        "ISO 8601",
    ),
    "alternativeNames": KeyDoc(
        "list of texts",
        "Other names of the column in the source's files, such as one from before a rename. Where a file has several, the first holds, `physicalName` before all.",
        "none",
    ),
    "nulls": KeyDoc(
        "list of texts", "Texts, and numbers as texts, that mean that this column has no value, such as `Bad` or `-999`.", "none"
    ),
    "joins": KeyDoc(
        "list of texts",
        "Names in the file of the columns whose texts, with a blank between, are this column's: a date and its time. Not of Parquet.",
        "none",
    ),
    "qualityOf": KeyDoc(
        "name of a column",
        "This integer says how good the readings of that column are: 0 where it has a value, 2147483648 (Bad in OPC UA) where one of its "
        "`nulls` stands in the file, 1073741824 (Uncertain) for `uncertain`, `questionable` and `stale`; empty where the file has nothing. Not of Parquet.",
        "none",
    ),
    "delayOf": KeyDoc(
        "name of a column",
        "This number is the seconds from the time in that column to the time under this column's own name in the source, such as `$received_at`: "
        "much more than usual is late, and less than 0 is a clock that is ahead. Not of Parquet.",
        "none",
    ),
}
