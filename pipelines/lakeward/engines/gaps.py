"""Known differences between the Spark and the embedded engine, with reasons. Any other difference is a defect.

Imports neither engine. The conformance suite tests every entry, and a reference page lists them.
"""

from dataclasses import dataclass
from enum import StrEnum


class GapKind(StrEnum):
    """Whether a gap can be closed."""

    NOT_IMPLEMENTED = "notimpl"
    NOT_YET = "notyet"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Gap:
    """One difference.

    Args:
        name: Its name in the conformance suite.
        with_spark: What Spark does instead.
    """

    name: str
    kind: GapKind
    with_spark: str
    reason: str


GAPS = (
    Gap(
        "temporary files of hidden columns",
        GapKind.NOT_YET,
        "`check` and `suggest` may write values of columns that the reader may not see to Spark's temporary files in clear, unless "
        "`spark.io.encryption.enabled` is true in `LAKEWARD_SPARK_CONF`.",
        "Spark encrypts these files for a whole session, from its start, or not at all.",
    ),
    Gap(
        "hash",
        GapKind.NEVER,
        "`hash(…)` gives other numbers.",
        "Each engine has its own. Only their being equal is looked at; the sample that grades are proposed from, the first 10,000 rows by "
        "hash, is another one of the same size.",
    ),
    Gap(
        "order of floating-point sums",
        GapKind.NEVER,
        "Sums, means and deviations of doubles may differ in their last digits.",
        "Addition of doubles depends on its order, and that on how rows are spread over tasks; two runs of one engine may differ too.",
    ),
    Gap(
        "numbers of unordered rows",
        GapKind.NEVER,
        "`row_number() OVER ()` numbers rows otherwise.",
        "Rows of a query without ORDER BY have no order: `_row` of a gold table is only a number that no other row has.",
    ),
    Gap(
        "texts that only DuckDB takes for numbers",
        GapKind.NEVER,
        "`TRY_CAST('1_000' AS BIGINT)` is NULL.",
        "Digits in groups are DuckDB's own. The contract's conversion looks at the form first, so that they are no numbers with either engine.",
    ),
    Gap(
        "upper case of ß",
        GapKind.NEVER,
        "`upper('ß')` is `SS`, not `ẞ`.",
        "Java writes letters that have no capital of their own as Unicode's full mapping has it, DuckDB one letter for one letter.",
    ),
    Gap(
        "values in logs of executors",
        GapKind.NEVER,
        "A value that stops a query can stand in an executor's own log.",
        "Spark's errors quote it. The driver's log, and all that Lakeward says, does not have it; a cluster's log settings are its owner's.",
    ),
    Gap(
        "workbooks and rows with odd types",
        GapKind.NOT_YET,
        "Excel workbooks, JSON, Arrow and Delta data for `lakeward check`, and Parquet types that Spark lacks come through the driver.",
        "The driver's own engine reads them and hands them to executors as Parquet: bounded by what one machine reads.",
    ),
    Gap(
        "cost of a batch",
        GapKind.NOT_YET,
        "Processor time, bytes and memory of a batch are not measured on Spark: `lakeward cost` counts it as unmeasured.",
        "Executors do the work, on machines whose counters the driver does not have.",
    ),
    Gap(
        "landed messages",
        GapKind.NOT_YET,
        "Payloads of messages are decoded by the driver, whose rows executors then judge and write.",
        "One decoder, so that a payload never means one thing here and another there. A driver of two cores decodes some 500,000 messages of JSON a "
        "second, and of Avro, Protobuf and Sparkplug B, which a library of Python decodes, some tens of thousands; more than that needs several datasets.",
    ),
    Gap(
        "lakes in Azure",
        GapKind.NOT_YET,
        "A lake at `az://` is refused (`spark_lake_in_azure`).",
        "Hadoop's client of Azure brings jars and credentials of its own, which were not tried.",
    ),
    Gap(
        "new files of lakes in object stores",
        GapKind.NOT_YET,
        "Executors write new files of a lake at `s3://` into `.lakeward/lakes` of the project, which they share with the driver, and the driver stores them.",
        "Hadoop's committer that writes to a store without copies needs a module that is not published for Spark 4.2; the other one copies each file, by "
        "some forty requests.",
    ),
    Gap(
        "text that is not UTF-8",
        GapKind.NOT_YET,
        "A file in GB18030, GBK or UTF-16, or one whose lines end in a carriage return alone, is decoded by the driver before executors read it.",
        "Spark splits text at line feeds of UTF-8, and Java's own codecs give other characters for some bytes of GB18030. Block by block: the driver's "
        "memory stays as it is, but one machine decodes. Deliver large files as UTF-8 or Parquet.",
    ),
    Gap(
        "lengths below zero",
        GapKind.NOT_IMPLEMENTED,
        "`right('abc', -1)` is empty, not `bc`.",
        "DuckDB counts from the other end; no flow asks for it.",
    ),
    Gap(
        "functions without a rule",
        GapKind.NOT_IMPLEMENTED,
        "A function of DuckDB's that Spark has not, `COLUMNS(…)` and `t.* REPLACE (…)` are refused by name (`query_not_understood`).",
        "The flows use some eighty, which all have a form in Spark; a model of a user's that is to run on both keeps to these.",
    ),
    Gap(
        "lists in descending order",
        GapKind.NOT_IMPLEMENTED,
        "`list(x ORDER BY y DESC)` is refused.",
        "Spark sorts lists of structs upwards only; no flow asks for it.",
    ),
)
