"""k-anonymity, l-diversity and t-closeness of a table by one SQL statement (DuckDB). Persons are counted, not rows."""

from collections.abc import Sequence

from lakeward.core.names import Relation
from lakeward.core.sql import OVER_ALL_ROWS


def anonymity_query(relation: Relation, quasi_identifiers: Sequence[str], sensitive: str | None, person: str) -> str:
    """One row: `persons, rows_without_person, groups, k, l, t, persons_alone`.

    A group is all that share the quasi-identifiers; a missing value is a value of its own. `t` is the largest total variation
    distance between a group's sensitive values and those of all, each counted once per person.

    Args:
        quasi_identifiers: SQL expressions of what a reader sees; none: everyone is in one group.
        sensitive: SQL of a column; None leaves out `l` and `t`.
        person: SQL of what identifies a person.
    """
    names = [f"q{at}" for at in range(len(quasi_identifiers))]
    items = ", ".join(f"{expression} AS {name}" for expression, name in zip(quasi_identifiers, names, strict=True))
    group = f"row({', '.join(names)})" if names else "row(0)"
    value = f"row({sensitive})" if sensitive else "row(0)"
    columns = f"{items}, " if items else ""
    measures = "min(l) AS l, max(t) AS t" if sensitive else "NULL AS l, NULL AS t"
    return f"""
        WITH seen AS (SELECT {columns}{value} AS s, {person} AS person FROM {relation}),
        pairs AS (SELECT DISTINCT {group} AS g, s, person FROM seen WHERE person IS NOT NULL),
        shares AS (SELECT s, count(DISTINCT person) / sum(count(DISTINCT person)) {OVER_ALL_ROWS} AS share FROM pairs GROUP BY s),
        cells AS (SELECT g, s, count(*) AS n, count(*) / sum(count(*)) OVER (PARTITION BY g) AS own FROM pairs GROUP BY g, s),
        distances AS (
            SELECT g, count(*) AS l, (sum(abs(own - share)) + 1 - sum(share)) / 2 AS t FROM cells JOIN shares USING (s) GROUP BY g
        ),
        sizes AS (SELECT g, count(DISTINCT person) AS size FROM pairs GROUP BY g)
        SELECT (SELECT count(DISTINCT person) FROM pairs) AS persons,
               (SELECT count(*) FROM seen WHERE person IS NULL) AS rows_without_person,
               count(*) AS groups, min(size) AS k, {measures}, count(*) FILTER (WHERE size = 1) AS persons_alone
        FROM sizes JOIN distances USING (g)"""
