"""One case for each place where Spark's SQL looks like DuckDB's and means something else: the same answer from both engines."""

import math

# ruff: noqa: DTZ001  (times without a zone are what some cases ask for)
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from lakeward.contracts.model import DataType, Kind
from lakeward.core.errors import DefinitionError
from lakeward.core.names import Layer, TableName
from lakeward.engines.tables import TableColumn, TableSpec, Txn
from support.both_engines import ENGINES, open_engine_named

TABLE = TableName(Layer.SILVER, "traps")
TYPES = {
    "i": DataType(Kind.INTEGER),
    "j": DataType(Kind.INTEGER),
    "d": DataType(Kind.DOUBLE),
    "m": DataType(Kind.DECIMAL, 12, 2),
    "s": DataType(Kind.STRING),
    "ts": DataType(Kind.TIMESTAMP),
    "day": DataType(Kind.DATE),
}
ROWS = r"""SELECT * FROM (VALUES
    (7::BIGINT, 2::BIGINT, 2.5::DOUBLE, 1.50::DECIMAL(12,2), '2.5', TIMESTAMPTZ '2026-03-01 16:31:00.5+00', DATE '2026-03-15'),
    (-7, 0, 'nan', -2.55, '1e3', TIMESTAMPTZ '1969-12-31 23:59:59.999999+00', DATE '2026-12-31'),
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (9223372036854775807, 3, 1e16, 9999999999.99, E'A.b\nÄ$', TIMESTAMPTZ '2026-06-30 15:59:59+00', DATE '1969-12-31')
) AS t(i, j, d, m, s, ts, day)"""
INF, NAN = math.inf, math.nan

# Name: query over the table, and its answer, one list per row.
TRAPS = {
    "division of integers is of doubles, and by zero infinite": (
        "SELECT i / j, i // j, i % j, m / 2 FROM silver.traps ORDER BY i",
        [
            [-INF, None, None, -1.275],
            [3.5, 3, 1, 0.75],
            [3.0744573456182584e18, 3074457345618258602, 1, 4999999999.995],
            [None, None, None, None],
        ],
    ),
    "nulls come last, up and down": (
        "SELECT i, row_number() OVER (ORDER BY i DESC) AS place FROM silver.traps ORDER BY i DESC",
        [[9223372036854775807, 1], [7, 2], [-7, 3], [None, 4]],
    ),
    "nan is the greatest number and equals itself": (
        "SELECT d, d > 1e300, d = d, isnan(d), isfinite(d) FROM silver.traps WHERE d IS NOT NULL ORDER BY d DESC",
        [[NAN, True, True, True, False], [1e16, False, True, False, True], [2.5, False, True, False, True]],
    ),
    "places in lists count from one, or from the end": (
        """SELECT ['a', 'b', 'c'][1], ['a', 'b', 'c'][j + 1], ['a', 'b', 'c'][j], ['a', 'b', 'c'][-j], ['a', 'b', 'c'][-1], ['a', 'b', 'c'][0],
        ['a', 'b', 'c'][i % 4 + 1], string_split('x/y/z', '/')[2] FROM silver.traps WHERE i < 10 ORDER BY i""",
        [["a", "a", None, None, "c", None, "b", "y"], ["a", "c", "b", "b", "c", None, None, "y"]],
    ),
    "parts of lists go from one place to the other": (
        """SELECT [1, 2, 3][2:3], [1, 2, 3][:2], [1, 2, 3][2:], [1, 2, 3][j:j], [1, 2, 3][-2:], [1, 2, 3][:-2], [1, 2, 3][0:1], [1, 2, 3][2:9],
        [1, 2, 3][3:1], [1, 2, 3][-9:1], [1, 2, 3][4:] FROM silver.traps WHERE i = 7""",
        [[[2, 3], [1, 2], [2, 3], [2], [2, 3], [1, 2], [1], [2, 3], [], [1], []]],
    ),
    "bits are set and counted": (
        """SELECT sum(bit_count(bits)) FROM (SELECT bit_or(CAST(1 AS BIGINT) << CAST(step % 62 AS INTEGER)) AS bits
            FROM (SELECT (epoch_us(ts) - 1772382660500000) // 1000000 AS step FROM silver.traps WHERE ts > '2026-01-01'
            UNION ALL SELECT * FROM range(100)) AS steps GROUP BY step // 62)""",
        [[101]],
    ),
    "a condition may stand in parentheses": (
        "SELECT i FROM (SELECT i, i > 0 AS up FROM silver.traps WHERE (TRUE)) WHERE (up) AND ((i < 10))",
        [[7]],
    ),
    "a star may leave out and replace columns": (
        """SELECT * EXCLUDE (d, m, ts, day) REPLACE (i + j AS i), j AS k FROM (SELECT * REPLACE (upper(s) AS s) FROM silver.traps) AS t
        WHERE t.i IN (7, -7) ORDER BY k""",
        [[-7, 0, "1E3", 0], [9, 2, "2.5", 2]],
    ),
    "regular expressions are RE2's": (
        r"""SELECT regexp_matches(s, 'b$'), regexp_matches(s, '(?i)ä'), regexp_matches(s, '^A.b.Ä'), regexp_full_match(s, '[A-Z]\.b[^x]+'),
            regexp_extract(s, '([A-Z])\.(b)', 2), regexp_extract(s, 'x'), regexp_replace(s, '[Ab]', 'X'),
            regexp_replace(s, '([Ab])', '<\1$>', 'g') FROM silver.traps WHERE i > 10""",
        [[False, True, False, True, "b", "", "X.b\nÄ$", "<A$>.<b$>\nÄ$"]],
    ),
    "times are cut in the zone that is asked for": (
        """SELECT date_trunc('day', ts), date_trunc('hour', ts AT TIME ZONE 'Asia/Shanghai'), timezone('Asia/Shanghai', ts),
        (TIMESTAMP '2026-03-02 00:00:00' AT TIME ZONE 'UTC'), date_trunc('month', day) FROM silver.traps WHERE i = 7""",
        [
            [
                datetime(2026, 3, 1, tzinfo=UTC),
                datetime(2026, 3, 2),
                datetime(2026, 3, 2, 0, 31, 0, 500000),
                datetime(2026, 3, 2, tzinfo=UTC),
                datetime(2026, 3, 1),
            ]
        ],
    ),
    "times are counted by the boundaries between them": (
        """SELECT date_diff('second', ts, TIMESTAMPTZ '2026-03-01 16:31:01.1+00'), date_diff('day', ts, TIMESTAMPTZ '2026-03-02 00:00:00+00'),
        epoch_us(ts), epoch(ts) FROM silver.traps WHERE i = 7""",
        [[1, 1, 1772382660500000, 1772382660.5]],
    ),
    "decimals that are too long are no number": (
        "SELECT TRY_CAST(d AS DECIMAL(12,2)), TRY_CAST(s AS DECIMAL(4,1)), m + i FROM silver.traps WHERE j < 3 ORDER BY i",
        [[None, None, Decimal("-9.55")], [Decimal("2.50"), Decimal("2.5"), Decimal("8.50")]],
    ),
    "texts are numbers as far as DuckDB takes them for such": (
        """SELECT TRY_CAST(s AS BIGINT), TRY_CAST(s AS DOUBLE), TRY_CAST('12.00' AS BIGINT), TRY_CAST(j || 'd' AS DOUBLE), CAST(d AS BIGINT)
        FROM silver.traps WHERE i = 7""",
        [[3, 2.5, 12, None, 2]],
    ),
    "numbers and times are written as DuckDB writes them": (
        """SELECT CAST(d AS VARCHAR), CAST(d / 1e21 AS VARCHAR), CAST(ts AS VARCHAR), CAST(m AS VARCHAR), i || s FROM silver.traps
        WHERE i = 7 OR d = 1e16 ORDER BY i""",
        [
            ["2.5", "2.5e-21", "2026-03-01 16:31:00.5+00", "1.50", "72.5"],
            ["1e+16", "1e-05", "2026-06-30 15:59:59+00", "9999999999.99", "9223372036854775807A.b\nÄ$"],
        ],
    ),
    "identifiers know no case": (
        'SELECT I AS "Größe", t."S" FROM SILVER.Traps AS t WHERE T.J = 2',
        [[7, "2.5"]],
    ),
    "qualify chooses after windows": (
        "SELECT i, j FROM silver.traps QUALIFY row_number() OVER (PARTITION BY i > 0 ORDER BY i DESC) = 1 ORDER BY i",
        [[-7, 0], [9223372036854775807, 3], [None, None]],
    ),
    "what fails inside of TRY is NULL": (
        """SELECT TRY(struct_pack(value := CAST(s AS DOUBLE) / 10)).value, TRY(struct_pack(value := CAST(s AS DECIMAL(8, 2)))) IS NULL
        FROM silver.traps ORDER BY i""",
        [[100.0, False], [0.25, False], [None, True], [None, False]],
    ),
    "a named window may get a frame": (
        """SELECT i, lag(i) OVER near AS before, sum(j) OVER (near ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS so_far
        FROM silver.traps WINDOW near AS (PARTITION BY i IS NULL ORDER BY i) ORDER BY i""",
        [[-7, None, 0], [7, -7, 2], [9223372036854775807, 7, 5], [None, None, None]],
    ),
    "sums of integers do not overflow": (
        "SELECT sum(i) AS a, sum(i) FILTER (i > 0) AS b, avg(m) AS c FROM silver.traps WHERE i IS NOT NULL",
        [[9223372036854775807, 9223372036854775814, 3333333332.98]],
    ),
    "quantiles, medians and modes lie where DuckDB has them": (
        "SELECT quantile_cont(j, 0.25), quantile_disc(j, 0.5), median(i), percentile_cont(0.5) WITHIN GROUP (ORDER BY j) FROM silver.traps",
        [[1.0, 2, 7.0, 2.0]],
    ),
    "lists keep their nulls and their order": (
        """SELECT list(j ORDER BY i), list(s ORDER BY i) FILTER (i < 10), list(i) FILTER (FALSE), len(list(DISTINCT j)),
        list(j ORDER BY j)[:2], arg_max(s, i) FROM silver.traps""",
        [[[0, 2, 3, None], ["1e3", "2.5"], None, 4, [0, 2], "A.b\nÄ$"]],
    ),
    "pairs are compared as one value": (
        """SELECT count(DISTINCT (i, j)), count(DISTINCT hash(i, j)), count(*) FILTER (hash(i, NULL) = hash(NULL, i)) FROM silver.traps
        WHERE (i, j) IN (SELECT (i, j) FROM silver.traps) OR i IS NULL""",
        [[4, 4, 1]],
    ),
    "a backslash escapes nothing in a pattern of LIKE": (
        r"SELECT s LIKE 'A%', s LIKE 'A\%', s ILIKE 'a%', s LIKE '%!$' ESCAPE '!' FROM silver.traps WHERE j = 3",
        [[True, False, True, True]],
    ),
    "midnight at a day's end is the next day's beginning": (
        """SELECT TRY_CAST('2026-01-01T24:00:00' AS TIMESTAMP), TRY_CAST('2026-13-01' AS DATE), try_strptime('1/2/2026 3:04', '%d/%m/%Y %H:%M'),
        try_strptime('2026-02-30', '%Y-%m-%d') FROM silver.traps WHERE j = 3""",
        [[datetime(2026, 1, 2), None, datetime(2026, 2, 1, 3, 4), None]],
    ),
    "the newest row before is joined": (
        """SELECT t.i, p.i AS before FROM silver.traps AS t ASOF LEFT JOIN (SELECT i, day FROM silver.traps) AS p ON t.day > p.day
        WHERE t.i IS NOT NULL ORDER BY t.i""",
        [[-7, 7], [7, 9223372036854775807], [9223372036854775807, None]],
    ),
    "members of JSON are read, and lists written": (
        """SELECT '{"a b": {"c": 1}}' ->> '$."a b".c', CAST(to_json(list({'x': j, 'y': NULL} ORDER BY i)) AS VARCHAR), json_valid('{' || s)
        FROM silver.traps WHERE j = 3 GROUP BY s""",
        [["1", '[{"x":3,"y":null}]', False]],
    ),
    "texts are cut by characters": (
        """SELECT substr(s, 1, 3), substr(s, -2, 1), right(s, 1), length(s), strlen(s), split_part(s, '.', 2), string_split('a.b', '.'),
        concat('a', NULL), concat_ws('-', NULL, s), strpos(s, 'b') FROM silver.traps WHERE j = 3""",
        [["A.b", "Ä", "$", 6, 7, "b\nÄ$", ["a", "b"], "a", "A.b\nÄ$", 3]],
    ),
}


@pytest.fixture(scope="module", params=ENGINES)
def trapped(request, tmp_path_factory):
    engine = open_engine_named(request.param, str(tmp_path_factory.mktemp("traps")))
    engine.append(TableSpec(TABLE, tuple(TableColumn(name, type_) for name, type_ in TYPES.items())), ROWS, Txn("traps", 1))
    yield engine
    engine.close()


@pytest.mark.sampled(9)
@pytest.mark.parametrize("name", TRAPS)
def test_both_engines_give_the_same_answer(trapped, name):
    query, expected = TRAPS[name]
    found = [list(row.values()) for row in trapped.fetch(query)]
    assert [[_plain(value) for value in row] for row in found] == [[_plain(value) for value in row] for row in expected]


def _plain(value):
    """NaN as a word, and doubles as far as both engines say the same."""
    return ("nan" if math.isnan(value) else float(f"{value:.12g}")) if isinstance(value, float) else value


@pytest.mark.sampled(1)
@pytest.mark.parametrize("query", ["SELECT CAST(s AS BIGINT) FROM silver.traps", "SELECT i + i FROM silver.traps"])
def test_a_value_that_stops_a_query_is_not_told(trapped, query, capfd):
    with pytest.raises(DefinitionError) as failed:
        trapped.fetch(query)
    said = str(failed.value) + "".join(capfd.readouterr())
    assert failed.value.code == "query_failed_on_value"
    assert "A.b" not in said
    assert "9223372036854775807" not in said


def test_a_query_that_can_not_be_understood_names_what_is_missing(trapped):
    with pytest.raises(DefinitionError, match="nothing_such"):
        trapped.fetch("SELECT nothing_such FROM silver.traps")


def test_dates_are_days(trapped):
    assert trapped.fetch("SELECT max(day) AS day FROM silver.traps") == [{"day": date(2026, 12, 31)}]
