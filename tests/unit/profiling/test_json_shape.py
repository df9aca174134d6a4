"""JSON that is no list of records is known by its shape, and the jq program takes the records out."""

import json
import subprocess
from shutil import which

import pytest

from lakeward.profiling.json_shape import find_shape, nested_records

ROWS = [{"ts": f"2026-03-01T00:{n:02}:00", "value": n * 1.5} for n in range(30)]
LISTS = [list(row.values()) for row in ROWS]
TS, VALUES = [row["ts"] for row in ROWS], [row["value"] for row in ROWS]
NO_OBJECTS = "sample_json_no_objects"
# What the file holds, the message, the path that it names, and whether the records come out as CSV.
SHAPES = {
    "envelope": ({"meta": {"n": 30}, "data": ROWS}, "sample_json_envelope", "data"),
    "one": ({"data": ROWS[:1], "meta": {"n": 1}}, "sample_json_envelope", "data"),
    "deep": ({"result": {"page": 1, "the rows": ROWS}}, "sample_json_envelope", "result.the rows"),
    "in a list": ([{"data": ROWS}], "sample_json_envelope", "data"),
    "nothing else": ({"result": ROWS[0]}, "sample_json_envelope", "result"),
    "empty": ({"data": [], "meta": 1}, "sample_json_envelope", "data"),
    "lists with names": ({"columns": ["ts", "value"], "data": LISTS}, "sample_json_lists", "data"),
    "columns": ({"ts": TS, "value": VALUES}, "sample_json_lists", "ts, value"),
    "one column": ({"unit": "Cel", "values": VALUES}, "sample_json_lists", "values"),
    "columns by thing": ({f"m{n}.csv": TS[:n] for n in range(1, 5)}, "sample_json_lists", "m1.csv, m2.csv, m3.csv, …"),
    "windows by thing": ({"m1": [[1, 2], [3, 4]], "m2": [[5, 6]]}, "sample_json_lists", "m1, m2"),
    "by key": ({row["ts"]: row for row in ROWS}, "sample_json_members", ""),
    "lists": (LISTS, NO_OBJECTS, ""),
    "values": (VALUES, NO_OBJECTS, ""),
    "texts": (TS, NO_OBJECTS, ""),
    "value": (42, NO_OBJECTS, ""),
    "text": ("hello", NO_OBJECTS, ""),
}


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_without_records_is_named_with_their_path(name, indent):
    content, code, key = SHAPES[name]
    shape = find_shape(json.dumps(content, indent=indent), ".json")
    assert shape is not None
    assert (shape.code, shape.key) == (code, key)


@pytest.mark.skipif(which("jq") is None, reason="jq is not installed")
@pytest.mark.parametrize("name", ["envelope", "deep", "in a list", "lists with names", "columns", "by key"])
def test_the_program_takes_the_records_out(tmp_path, name):
    path = tmp_path / "it's one.json"
    path.write_text(json.dumps(SHAPES[name][0]))
    shape = find_shape(path.read_text(), ".json")
    assert shape is not None
    command = str(shape.refuse(path).facts["command"]).rpartition(" > ")[0]
    lines = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True).stdout.splitlines()
    if shape.target == "records.csv":
        assert lines[:2] == ['"ts","value"', '"2026-03-01T00:00:00",0']
    else:
        assert [json.loads(line) for line in lines] == [{"key": row["ts"], **row} if name == "by key" else row for row in ROWS]


@pytest.mark.parametrize("text", [json.dumps({"data": ROWS}), json.dumps({"data": LISTS}), json.dumps(LISTS)])
@pytest.mark.parametrize("length", [60, 200, 500])
def test_the_beginning_of_a_file_shows_its_shape(text, length):
    assert find_shape(text[:length], ".json") is not None


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ROWS),
        json.dumps(ROWS, indent=1),
        "\n".join(map(json.dumps, ROWS)),
        json.dumps(ROWS[0]),
        json.dumps(ROWS)[:200],
        json.dumps({"ts": "2026-03-01", "place": {"line": 1}}),
        "[a],[b]\n1,2\n",
        "[2026-03-01 00:00:00] INFO 5\n[2026-03-01 00:00:01] INFO 6\n",
        "[Header]\nts;v\n1;2\n",
        "[Header\n1,2\n",
        "ts,v\n1,2\n",
        "{a,b}\n",
        "",
    ],
)
def test_records_and_texts_that_begin_like_json_are_left_alone(text):
    assert find_shape(text, ".csv") is None


def test_lists_of_records_within_records_are_known():
    assert nested_records('[{"a":1},{"a":2}]')
    assert nested_records('[{"a":1},{"a":')
    assert not nested_records("[1,2]")
    assert not nested_records("[a]")
