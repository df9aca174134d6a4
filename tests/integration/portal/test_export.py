"""The static scorecard beside the portal: the same numbers while a portal runs, and of a large project a small file that says what it leaves out."""

import re
import time
from html import unescape

import pytest

from lakeward.flows import read_scorecard
from lakeward.portal.export import build_scorecard
from lakeward.portal.export_parts import MOST_DETAILED, MOST_ROWS
from support.recorded_estate import make_recorded_estate

NUMBER = re.compile(r'<a class="n" href="(?:/evidence/|#q-[^"]*" title=")([^"]+)">(.*?)</a>', re.DOTALL)
# Megabytes of a file and seconds of both files, of 1,000 datasets.
LARGEST, LONGEST = 3.0, 5.0


def numbers(html):
    """Id of each number -> what it shows."""
    return {unescape(figure): re.sub(r"<[^>]*>", "", shown) for figure, shown in NUMBER.findall(html)}


def test_the_file_shows_the_portals_numbers_while_the_portal_runs(site, visitors, plant, tmp_path):
    site.refresh()
    file = build_scorecard(plant, tmp_path)
    in_file = numbers(file.read_text(encoding="utf-8"))
    shown = numbers(
        "".join(visitors["cdo"].get(page, "zh").text for page in ("/", "/datasets", "/readiness", "/d/plant_telemetry"))
    )
    assert len(shown) > 100
    assert {figure: in_file.get(figure) for figure in shown} == shown


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    return make_recorded_estate(tmp_path_factory.mktemp("large") / "plant", MOST_DETAILED + 60, rules=6, batches=2)


@pytest.mark.exhaustive
def test_what_is_left_out_is_said_and_sums_are_of_all(large, tmp_path):
    html = build_scorecard(large, tmp_path).with_name("scorecard.en.html").read_text(encoding="utf-8")
    assert len(re.findall(r'id="d-line_\d+"', html)) == MOST_DETAILED
    assert f"120 of 120 datasets are listed, those that need attention first. The first {MOST_DETAILED} follow" in html
    assert html.count(f"Lists here end after {MOST_ROWS} rows of ") == 3
    totals = read_scorecard(large).results["totals"].single_row
    assert numbers(html)["totals/rows_in"] == f"{totals['rows_in']:,}" == "2,400,000"


@pytest.mark.exhaustive
@pytest.mark.timeout(900)
def test_a_thousand_datasets_make_a_small_file_quickly(tmp_path):
    settings = make_recorded_estate(tmp_path / "plant", 1_000)
    began = time.process_time()
    file = build_scorecard(settings, tmp_path / "out")
    took = time.process_time() - began
    sizes = [each.stat().st_size / 1e6 for each in sorted((tmp_path / "out").glob("*.html"))]
    assert len(sizes) == 2
    assert max(sizes) <= LARGEST, file
    assert took <= 2 * LONGEST  # seconds of two cores
