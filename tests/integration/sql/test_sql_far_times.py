"""Times that no timestamp of a table holds arrive as the texts that the server writes, and all others as the same instants."""

import pyarrow as pa

from lakeward.core.connections import parse_connection
from lakeward.sources.sql.postgres import open_postgres
from lakeward.sources.sql.server import FAR, Range, SourceRelation, WatermarkKind

EDGES = {
    "date": [
        "4713-11-24 BC",
        "0001-12-31 BC",
        "0001-01-01",
        "9999-12-31",
        "10000-01-01",
        "5874897-12-31",
        "infinity",
        "-infinity",
    ],
    "timestamp": [
        "4713-11-24 00:00:00 BC",
        "0001-12-31 23:59:59.999999 BC",
        "0001-01-01 00:00:00",
        "9999-12-31 23:59:59.999999",
        "10000-01-01 00:00:00",
        "294276-12-31 23:59:59.999999",
        "infinity",
        "-infinity",
    ],
}
MAKE = """CREATE TABLE times AS SELECT n AS id, day AS d, day + pause AS l, (day + pause) AT TIME ZONE 'UTC' AS i FROM (
    SELECT n, date '4713-11-25 BC' + (random() * 107000000)::int AS day,
        round((random() * 86399999999)::numeric, (-(n % 8))::int) * interval '1 microsecond' AS pause FROM generate_series(1, 4000) AS n) AS r"""


def read_times(database, root, names):
    with open_postgres(parse_connection("historian", f"{database.url}?sslmode=disable", "test", root)) as server:
        relation = SourceRelation(table=("times",))
        columns = tuple(column for column in server.columns(relation) if column.name in names)
        rows = Range(column="id", kind=WatermarkKind.NUMBER)
        return pa.Table.from_batches(server.read(relation, columns, rows, None)).sort_by("id")


def expected_times(database, name, type_):
    """Of each row the text, and the number of the instant if a timestamp holds it."""
    bounds = ("0001-01-01", "10000-01-01") if type_ != "timestamptz" else ("0001-01-01 00:00:00+00", "10000-01-01 00:00:00+00")
    is_near = f"{name} >= {type_} '{bounds[0]}' AND {name} < {type_} '{bounds[1]}'"
    number = f"{name} - date '1970-01-01'" if type_ == "date" else f"(extract(epoch FROM {name}) * 1000000)::bigint"
    both = f"CASE WHEN {is_near} THEN {number} END, CASE WHEN {is_near} THEN NULL ELSE {name}::text END"
    return database.execute("SET TimeZone = 'UTC'", f"SELECT {both} FROM times ORDER BY id")


def test_times_beyond_the_calendar_have_the_texts_of_the_server(tmp_path, database):
    edges = ["(0, NULL, NULL, NULL)"]
    for at, (day, moment) in enumerate(zip(EDGES["date"], EDGES["timestamp"], strict=True), 1):
        instant = f"timestamp '{moment}' AT TIME ZONE 'UTC'"
        edges.append(f"({-at}, date '{day}', timestamp '{moment}', {instant})")
    database.execute(
        f"ALTER DATABASE {database.database} SET TimeZone = 'UTC'", MAKE, f"INSERT INTO times VALUES {', '.join(edges)}"
    )
    found = read_times(database, tmp_path, {"id", "d", "l", "i"})
    for name, type_ in {"d": "date", "l": "timestamp", "i": "timestamptz"}.items():
        numbers = found[name].cast(pa.int32() if type_ == "date" else pa.int64()).to_pylist()
        expected = expected_times(database, name, type_)
        assert list(zip(numbers, found[name + FAR].to_pylist(), strict=True)) == expected
        assert 50 < sum(text is None for _, text in expected) < len(expected) - 50
