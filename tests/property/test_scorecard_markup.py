"""Whatever a dataset, a column or a rule is called, the static scorecard stays a page: names are text, never markup or script."""

from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st

from lakeward.core.messages import Lang
from lakeward.flows import ScorecardReading
from lakeward.portal.export import render_file
from lakeward.portal.export_parts import FilePart
from lakeward.portal.paging import Paging
from lakeward.quality.weights import EQUAL_WEIGHTS
from lakeward.scorecard.figures import FigureRow, figure_id, parse_figure_id
from lakeward.scorecard.portal.queries import CELLS
from lakeward.scorecard.portal.summed_failures import summed_failures
from lakeward.scorecard.scores import failures, quality_families
from support.examples import examples

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
        "{{ 1 }}",
        '</a><a href="/evidence/x">',
        "../..",
    ]
)
NUMBERS = ("rows_in", "bronze", "silver", "quarantine", "duplicates", "corrections", "rejects", "batches", "balanced", "checks")
NAMES = tuple(part.rpartition(" ")[2].strip() for part in CELLS.split(","))


class FixedReading:
    """The versions and the time of a reading."""

    now = datetime(2026, 3, 2, 6, tzinfo=UTC)

    def versions(self):
        return {"governance.runs": 3, "governance.verdicts": 4}


class ParsedPage(HTMLParser):
    """What a browser would make of the page: its elements, and where its links lead."""

    def __init__(self):
        super().__init__()
        self.tags, self.handlers, self.links = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on") or name in {"src", "style"}]
        self.links += [value for name, value in attrs if name == "href" and tag == "a"]


def parts(dataset, rule):
    words = {"state": "failing", "layer": "silver", "owner": rule, "domain": rule, "name_en": rule, "about_en": rule, "late": 0}
    cells = dict.fromkeys(NAMES) | dict.fromkeys(NUMBERS, 1) | words
    cells |= {"dataset": dataset, "score": Decimal("99.50"), "per_million": 3, "graded_columns": 2, "grade": "general"}
    head = FigureRow((dataset,), {**cells, "last_run": "2026-01-01 00:00", "proposed_key": rule, "fault": None, "halted": None})
    verdict = {"dataset": dataset, "rule": rule, "rule_version": rule, "expectation": rule, "columns": "[]", "severity": "warn"}
    verdict |= {"dimension": "accuracy", "outcome": "UNKNOWN", "evaluated": 1, "failed": None, "reason": rule}
    listed = {"rows": (head,), "total": 1, "chosen": {}, "facets": {}, "paging": Paging(1, 1)}
    detail = {"head": head, "name": dataset, "by_dimension": {}, "tabs": (), "tab": "rules", "passed_left_out": True}
    detail |= {"rules": (FigureRow((dataset, rule), verdict),), "history": (), "scope": None, "mark": 0}
    return [
        FilePart(anchor="datasets", title="card_nav_datasets", template="datasets.html", facts=listed),
        FilePart(anchor=f"d-{dataset}", template="dataset_rules.html", facts=detail),
    ]


def parse_page(dataset, rule):
    known = {f.name: f for f in quality_families(EQUAL_WEIGHTS)}
    summed = summed_failures(failures(EQUAL_WEIGHTS), {dataset: rule})
    known |= {family.name: family for family in summed}
    source = ScorecardReading(
        project=dataset,
        renames=(),
        zone="UTC",
        languages=(Lang.EN, Lang.ZH),
        role_titles={},
        reading=FixedReading(),
        families=known,
    )
    parser = ParsedPage()
    parser.feed(render_file(source, parts(dataset, rule), Lang.EN, {Lang.EN: "scorecard.html", Lang.ZH: "scorecard.zh.html"}))
    return parser


PLAIN = parse_page("press", "rule").tags


@settings(max_examples=examples(60), deadline=None)
@given(HOSTILE, HOSTILE)
def test_no_name_becomes_markup(dataset, rule):
    found = parse_page(dataset, rule)
    assert found.tags == PLAIN
    assert found.handlers == []
    assert [link for link in found.links if not link.startswith("#")] == ["scorecard.zh.html"]


@given(st.lists(st.text(max_size=12), max_size=3).map(tuple), HOSTILE, HOSTILE)
def test_a_figures_id_is_read_back_as_it_was_written(key, family, column):
    assert parse_figure_id(figure_id(family, key, column)) == (family, key, column)
