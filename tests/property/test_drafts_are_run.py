"""Whatever `lakeward new` drafts of a text file, `lakeward run` takes the same file with: its contract is valid, and no file is rejected whole."""

import csv
import io
import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings
from lakeward.flows import create_project, draft_dataset, ingest_dataset
from support.examples import examples

NUMBER = itertools.count()
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), min_size=1, max_size=8)
CELLS = st.sampled_from(
    (
        *(
            "0,5",
            "1.5",
            "1.000,5",
            "1,000.5",
            "1 000",
            "inf",
            "-999",
            "Bad",
            "0",
            "-1",
            "1970-01-01",
            "2026-03-01 06:00:00",
            "1e9",
        ),
        *(
            "a",
            "",
            "'",
            '"',
            "#",
            "//",
            "=1+1",
            "Total",
            "合计",
            "°C",
            "炉",
            "1772344800",
            "true",
            "01",
            "+",
            "[1]",
            "\u2028",
            "\x85",
        ),
    )
)


@pytest.fixture(scope="module")
def plant(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drafts")
    return Settings(start=create_project(folder / "plant")), folder


@pytest.mark.exhaustive
@settings(max_examples=examples(10), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(NAMES, min_size=1, max_size=4),
    st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=12),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]),
    st.sampled_from(["", "Report of the day\n", "# made by a logger\n", "sep=;\n"]),
)
def test_a_draft_is_a_valid_contract_and_reads_its_file(plant, names, rows, delimiter, encoding, above):
    lakeward, folder = plant
    number = next(NUMBER)
    text = io.StringIO()
    width = len(names)
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows([names, *((row * width)[:width] for row in rows)])
    path = folder / f"{number}.csv"
    path.write_bytes((above + text.getvalue()).encode(encoding))
    try:
        draft_dataset(lakeward, f"d{number}", path)
    except UsageError:
        return  # refused, with a message that names what is missing
    counts = ingest_dataset(lakeward, f"d{number}").counts
    assert counts.rows_in == counts.bronze + counts.rejects
    assert counts.bronze == counts.silver + counts.quarantine + counts.duplicates
    assert counts.bronze > 0
