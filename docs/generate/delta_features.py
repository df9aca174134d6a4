"""The page of Delta's features: which tables of others are read, and which refused."""

from generate.markdown import page, table
from lakeward.engines.delta.features import FEATURES

INTRODUCTION = """\
`lakeward check` reads Delta tables that others made. The rows are those that the Delta protocol says, or the table is refused, naming the
feature (`data_feature_unreadable`, exit code 3). A feature that is not in this list and that readers must know is refused by its name; one
that only writers must know changes nothing that a reader sees. Each line is tried by a test, with deltalake as the judge of the values.

Tables of the lake itself use none of them, so that every Delta reader can read them."""


def delta_features() -> str:
    """The page, in Markdown."""
    rows = [
        (
            f"`{feature.name}`",
            "read" if feature.is_read else "refused",
            "readers and writers" if feature.for_readers else "writers",
            feature.note,
        )
        for feature in FEATURES
    ]
    return page(
        "Delta features",
        "`lakeward/engines/delta/features.py`",
        INTRODUCTION,
        table(("feature", "tables with it are", "it is for", "what of it"), rows),
    )
