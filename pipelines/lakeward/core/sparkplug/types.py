"""Data types of metrics, by their numbers (Sparkplug specification 3.0.0, 6.4.16)."""

from collections.abc import Mapping

# Bits of signed whole numbers, and of unsigned ones.
SIGNED: Mapping[int, int] = {1: 8, 2: 16, 3: 32, 4: 64}
UNSIGNED: Mapping[int, int] = {5: 8, 6: 16, 7: 32, 8: 64}
FLOATS = (9, 10)
BOOLEAN, DATE_TIME = 11, 13
TEXTS = (12, 14, 15)  # String, Text, UUID
TYPE_NAMES: Mapping[int, str] = dict(
    enumerate(
        (
            *("Unknown", "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float", "Double"),
            *("Boolean", "String", "DateTime", "Text", "UUID", "DataSet", "Bytes", "File", "Template", "PropertySet"),
            *("PropertySetList", "Int8Array", "Int16Array", "Int32Array", "Int64Array", "UInt8Array", "UInt16Array"),
            *("UInt32Array", "UInt64Array", "FloatArray", "DoubleArray", "BooleanArray", "StringArray", "DateTimeArray"),
        )
    )
)
# Types that are one value -> the word for it in `series.csv`.
SINGLE_TYPES: Mapping[int, str] = {
    **dict.fromkeys((*SIGNED, *UNSIGNED, *FLOATS), "number"),
    BOOLEAN: "boolean",
    **dict.fromkeys((DATE_TIME, *TEXTS), "string"),
}
