"""Events of other programs: stored once, in the graph, never in the way of grades; bad ones named, and nothing lost."""

import json

import pytest

from lakeward.core.errors import UsageError
from lakeward.flows import grade_all, import_lineage, list_grades, receive_lineage, restore_events, show_lineage
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from support.command_line import run_command
from support.foreign_events import NAMESPACE, column_lineage, dataset, event, facet
from support.gold_plant import make_day

GOLD = "gold.temp_hourly"


@pytest.fixture
def plant(tmp_path, copy_of):
    from support.plant import Plant

    return Plant(copy_of(make_day, tmp_path / "plant"))


def write(plant, text, name="events.jsonl"):
    file = plant.root / name
    file.write_text(text, encoding="utf-8")
    return file


def report(plant, **values):
    """A report made outside of what Lakeward serves in gold: it reads the table by its folder."""
    gold = dataset(str(plant.root / "lake" / "gold" / "temp_hourly"), "file")
    lineage = column_lineage(warmest=("file", str(plant.root / "lake" / "gold" / "temp_hourly"), "mean_temp"))
    return event(inputs=[gold], outputs=[dataset("report", columnLineage=lineage)], **values)


def stored(plant):
    with open_workspace(plant.settings).engine() as engine:
        return governance.read_rows(engine, "lineage_events", order="event_time")


def below(plant, name):
    return [(str(hop.edge.source), str(hop.edge.target)) for hop in show_lineage(plant.settings, name, up=False, down=True)]


def test_an_event_is_stored_once_whatever_its_form_and_its_order(plant):
    first, second = report(plant), report(plant, at="2026-03-02T07:00:00Z", run="3f5e83fa-3480-44ff-99c5-ff943904e5e9")
    first["run"]["facets"]["vendor"] = facet("Vendor", deep={"kept": [1, "二"]})
    turned = dict(reversed(list(first.items())))

    one = import_lineage(plant.settings, [write(plant, json.dumps(first))])
    again = import_lineage(plant.settings, [write(plant, json.dumps([turned, second, second], indent=2))])
    lines = import_lineage(plant.settings, [write(plant, f"{json.dumps(first)}\n\n{json.dumps(second)}\n")])

    assert [(each.read, each.stored, each.known) for each in (one, again, lines)] == [(1, 1, 0), (3, 1, 2), (2, 0, 2)]
    rows = stored(plant)
    assert [json.loads(row["event"]) for row in rows] == [first, second]
    assert {(row["namespace"], row["job"], row["event_type"]) for row in rows} == {(NAMESPACE, "orders", "COMPLETE")}


def test_foreign_datasets_are_in_the_graph_below_and_above_ours(plant):
    source = event("START", inputs=[dataset("erp.orders")])
    landing = event(outputs=[dataset("landing.press_line", f"lakeward://{open_workspace(plant.settings).project.name}")])
    import_lineage(plant.settings, [write(plant, "\n".join(map(json.dumps, (landing, source))))])
    import_lineage(
        plant.settings,
        [
            write(
                plant,
                json.dumps(
                    report(plant, run="3f5e83fa-3480-44ff-99c5-ff943904e5e9", job={"namespace": NAMESPACE, "name": "report"})
                ),
            )
        ],
    )

    assert (f"{GOLD}.mean_temp", "s3://erp/report.warmest") in below(plant, "silver.press_line.temp_degc")
    # START says what the run reads, COMPLETE what it wrote; they came in the wrong order.
    assert ("s3://erp/erp.orders", "landing.press_line") in below(plant, "s3://erp/erp.orders")


def test_the_newest_run_of_a_job_is_current_whenever_it_came(plant):
    newer = report(plant, at="2026-03-02T07:00:00Z")
    older = event(
        inputs=[dataset("retired")],
        outputs=[dataset("report")],
        at="2026-02-01T07:00:00Z",
        run="3f5e83fa-3480-44ff-99c5-ff943904e5ea",
    )
    import_lineage(plant.settings, [write(plant, json.dumps(newer))])
    import_lineage(plant.settings, [write(plant, json.dumps(older))])

    above = show_lineage(plant.settings, "s3://erp/report", up=True, down=False)
    assert "s3://erp/retired" not in {str(hop.edge.source) for hop in above}
    assert f"{GOLD}.mean_temp" in {str(hop.edge.source) for hop in above}


@pytest.mark.parametrize("kind", ["START", "FAIL", "ABORT", "OTHER"])
def test_a_run_that_wrote_nothing_makes_no_edge(plant, kind):
    import_lineage(plant.settings, [write(plant, json.dumps(report(plant, kind=kind)))])

    with pytest.raises(UsageError):
        show_lineage(plant.settings, "s3://erp/report", up=True, down=False)


def test_grades_never_travel_along_edges_of_others(plant):
    grade_all(plant.settings)
    before = [row.as_dict() for row in list_grades(plant.settings)]
    forged = event(
        inputs=[dataset("unknown")],
        outputs=[
            dataset(
                "silver.press_line",
                f"lakeward://{open_workspace(plant.settings).project.name}",
                columnLineage=column_lineage(temp_degc=("s3://erp", "unknown", "x")),
            )
        ],
    )
    import_lineage(plant.settings, [write(plant, json.dumps(forged))])
    grade_all(plant.settings)

    assert [row.as_dict() for row in list_grades(plant.settings)] == before


def test_events_in_our_own_name_are_ours_or_are_refused(plant):
    own = (plant.root / "lake" / "lineage" / "events.jsonl").read_text(encoding="utf-8")
    forged = report(
        plant, job={"namespace": json.loads(own.splitlines()[0])["job"]["namespace"], "name": "curate.temp_hourly.gold"}
    )

    back = import_lineage(plant.settings, [write(plant, own)])
    found = import_lineage(plant.settings, [write(plant, json.dumps(forged))])

    assert (back.read, back.stored, back.known) == (len(own.splitlines()), 0, back.read)
    assert [event.reason.code for event in found.refused] == ["event_of_project"]
    assert restore_events(plant.settings) == []


def test_bad_events_are_named_and_the_good_ones_beside_them_stored(plant, capsys):
    lines = [json.dumps(report(plant)), '{"eventTime": 1', json.dumps(report(plant, at="2026-03-01")), "[]"]
    file = write(plant, "\n".join(lines))

    answer = run_command(capsys, plant.root, "lineage", "import", str(file), "--json")
    chinese = run_command(capsys, plant.root, "lineage", "import", str(file), "--lang", "zh")

    found = json.loads(answer.out)
    assert (answer.code, found["read"], found["stored"]) == (1, 4, 1)
    assert [(each["number"], each["reason"]["code"]) for each in found["refused"]] == [
        (2, "event_not_json"),
        (3, "event_not_valid"),
        (4, "event_not_valid"),
    ]
    assert (chinese.code, "拒收 3" in chinese.out, "eventTime" in chinese.out) == (1, True, True)
    assert len(stored(plant)) == 1


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe{}", b"[" * 100_000, b'{"a": NaN}', b"null", b'"text"'],
    ids=["empty", "bytes", "deep", "nan", "null", "text"],
)
def test_what_is_no_event_at_all_is_refused_and_stores_nothing(plant, content):
    found = receive_lineage(plant.settings, content, "door")

    assert (found.stored, len(found.refused)) == (0, 1)
    assert stored(plant) == []


def test_a_file_that_is_not_there_is_an_error_with_a_next_step(plant, capsys):
    answer = run_command(capsys, plant.root, "lineage", "import", str(plant.root / "no.jsonl"))

    assert (answer.code, "Next:" in answer.err, "FileNotFoundError" in answer.err) == (2, True, True)


def test_edges_lost_by_a_kill_come_with_the_next_import(plant):
    """A kill after the edges and before the events: the import is repeated, and nothing is doubled in the answer."""
    from lakeward.flows.lineage.foreign_events import DatasetNames, _store_edges

    sent = report(plant)
    with open_workspace(plant.settings).engine() as engine:
        _store_edges(engine, [sent], DatasetNames(engine, "lakeward://plant"), open_workspace(plant.settings).clock.now())

    found = import_lineage(plant.settings, [write(plant, json.dumps(sent))])

    assert found.stored == 1
    assert below(plant, f"{GOLD}.mean_temp") == [(f"{GOLD}.mean_temp", "s3://erp/report.warmest")]
