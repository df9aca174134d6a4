"""The page of differences between the engines."""

from generate.markdown import page, table
from lakeward.engines.gaps import GAPS

INTRODUCTION = """\
Tables, verdicts, scores and lineage are the same with either engine, but for these lines. Each is tried by the conformance suite
(`tests/integration/engines/`): that it differs still.

- **notimpl**: nobody asked for it yet; it is refused, or differs as written here.
- **notyet**: meant to be the same, and not there yet.
- **never**: the two can't be the same there."""


def engines() -> str:
    """The page, in Markdown."""
    rows = [(gap.name, gap.kind, gap.with_spark, gap.reason) for gap in GAPS]
    return page(
        "Where the engines differ", "`lakeward/engines/gaps.py`", INTRODUCTION, table(("what", "kind", "with Spark", "why"), rows)
    )
