"""Whatever a dataset, a column or a rule is called, the page stays a page: names are text, never markup or script."""

import json
from decimal import Decimal
from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st

from lakeward.quality.weights import EQUAL_WEIGHTS
from lakeward.scorecard.figures import FamilyResult, Scorecard, figure_id, parse_figure_id
from lakeward.scorecard.page import page
from lakeward.scorecard.scores import quality_families

TOTALS, DATASETS, RULES = [
    f for name in ("totals", "datasets", "rules") for f in quality_families(EQUAL_WEIGHTS) if f.name == name
]

HOSTILE = st.text(min_size=1, max_size=24) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        "</script><img src=x onerror=alert(1)>",
        "' OR 1=1 --",
        '"><b>',
        "<!--",
        "&lt;",
        "\u2028",
        "{0}",
        "../..",
    ]
)
NAMES = ("totals", "datasets", "history", "dimensions", "trend", "dataset_dimensions", "rules", "reasons", "lineage", "lineage_totals", "access", "ageing", "grades", "dataset_grades", "important_data", "items", "domains", "readiness")  # fmt: skip
PROSE = ("last_run", "contract_version", "flow")


class ParsedPage(HTMLParser):
    """What a browser would make of the page: its elements, and the text of its data."""

    def __init__(self):
        super().__init__()
        self.tags, self.handlers, self.data, self._in_data = [], [], "", False

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on") or (name in {"src", "href"} and tag != "a")]
        self._in_data = dict(attrs).get("id") == "families"

    def handle_data(self, data):
        if self._in_data:
            self.data += data

    def handle_endtag(self, _tag):
        self._in_data = False


def card(dataset, rule):
    numbers = dict.fromkeys((*TOTALS.numbers, *DATASETS.numbers), 1) | {"score": Decimal("99.50"), "last_run": "2026-01-01 00:00"}
    verdict = {"dataset": dataset, "rule": rule, "rule_version": rule, "expectation": rule, "columns": "[]", "severity": "warn"}
    verdict |= {"dimension": "accuracy", "outcome": "UNKNOWN", "evaluated": None, "failed": None, "reason": rule}
    rows = {
        "totals": numbers,
        "datasets": numbers | {"dataset": dataset, "contract_version": rule, "flow": "ingest"},
        "rules": verdict,
    }
    readings = {f.name: FamilyResult.from_rows(f, {f.tables[0]: 3}, [rows[f.name]]) for f in (TOTALS, DATASETS, RULES)}
    return Scorecard(dataset, "2026-01-01 00:00", (dataset, rule), dict.fromkeys(NAMES) | readings)


def parse_page(made):
    parser = ParsedPage()
    parser.feed(page(made))
    return parser


PLAIN = parse_page(card("press", "rule")).tags


@settings(max_examples=60, deadline=None)
@given(HOSTILE, HOSTILE)
def test_no_name_becomes_markup(dataset, rule):
    found = parse_page(card(dataset, rule if rule != dataset else rule + "x"))
    assert found.tags == PLAIN
    assert found.handlers == []
    assert json.loads(found.data)["families"]["rules"]["keys"] == ["dataset", "rule"]


@given(st.lists(st.text(max_size=12), max_size=3).map(tuple), HOSTILE, HOSTILE)
def test_a_figures_id_is_read_back_as_it_was_written(key, family, column):
    assert parse_figure_id(figure_id(family, key, column)) == (family, key, column)
