"""One query per selector: its readings with stored context, window functions, and counts per series.

Sorted once, by series and time. Readings behind the newest one of an earlier batch, or far ahead of their arrival, are sorted
separately: they are no neighbours of the others and never become context, so late batches and wrong clocks do not affect it.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, replace

from lakeward.contracts.types import sql_type
from lakeward.core.sql import identifier, literal
from lakeward.quality.series.rule_sql import AHEAD, IN_TIME, LATE, ROWS_PER_FILE, SECOND, SeriesField, SeriesRuleSql
from lakeward.quality.series.selector import SeriesSelector
from lakeward.quality.series.source_record import LIMIT_ALIASES
from lakeward.quality.sql import select

# A clock in another zone is up to 14 h ahead; a reading a day ahead of its arrival has a wrong time.
FAR_AHEAD = 24 * 3600 * SECOND
# Number of rows, or messages, that arrived together, for the median time: a feed of about 20 series covers minutes.
ARRIVAL_BLOCK = 256
UNKNOWN = "CAST(NULL AS BIGINT)"
NEAR = "WINDOW near AS (PARTITION BY part ORDER BY us, place)"
# Equal in both branches of a query that reads it twice.
SERIES_NUMBER = "row_number() OVER (ORDER BY names.key)"
SIDE_COUNT = 3
FRAME_SO_FAR = "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"


@dataclass(frozen=True, slots=True)
class SeriesInput:
    """Input relations of a series query.

    Args:
        rows: The converted batch, as a relation.
        context: Relation of the stored context: `track, series, last_ts, readings, held`.
        received_at: SQL of the time when a row was received; None if unknown.
        limits: Relation of what the mapping says of series, see `source_record`; None without any.
        arrival_block: Span of `_row` in which rows arrived together.
    """

    rows: str
    context: str
    received_at: str | None
    _: KW_ONLY
    limits: str | None = None
    arrival_block: int = ARRIVAL_BLOCK

    def block(self, place: str) -> str:
        """SQL of the number of the block of a row: rows of two files arrived separately."""
        return f"(({place} // {ROWS_PER_FILE}) * {ROWS_PER_FILE} + ({place} % {ROWS_PER_FILE}) // {self.arrival_block})"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesQuery:
    """The rules of one selector.

    Args:
        rule_sqls: By number of the rule.
        versions: Versions of the rules, by the same numbers: state is stored per version of a rule.
        diverting_numbers: Numbers of the rules whose failing rows can be requested.
        state_selectors: For each field from another series, the selector of that series.
        carried_fields: Fields that other queries need from earlier batches.
        excuses: By number of a rule, for what readings are counted that it does not evaluate.
    """

    selector: SeriesSelector
    rule_sqls: Mapping[int, SeriesRuleSql]
    versions: Mapping[int, str]
    diverting_numbers: frozenset[int]
    state_selectors: Mapping[SeriesField, SeriesSelector]
    carried_fields: tuple[SeriesField, ...] = ()
    excuses: tuple[tuple[int, tuple[str, ...]], ...] = ()

    @property
    def fields(self) -> tuple[SeriesField, ...]:
        """All fields of its readings."""
        return tuple(
            dict.fromkeys((*(field for piece in self.rule_sqls.values() for field in piece.columns), *self.carried_fields))
        )

    @property
    def context_fields(self) -> tuple[SeriesField, ...]:
        """Of these, the fields needed from readings of earlier batches."""
        used = (field for piece in self.rule_sqls.values() if piece.context_readings for field in piece.columns)
        return tuple(dict.fromkeys((*used, *self.carried_fields)))

    @property
    def context_readings(self) -> int:
        """Number of context readings per series; 0 if no rule reads neighbours, and nothing is sorted or stored."""
        return max([1 if self.carried_fields else 0, *(piece.context_readings for piece in self.rule_sqls.values())])

    def sql(self, source: SeriesInput, rule_numbers: Iterable[int]) -> str:
        """SELECT of one row per series: `track, series, last_ts, readings, held, renewed`, and per rule `e, f, p` and its number.

        Counts of rules of other queries are 0. `p`: ids of failing rows, if the rule can quarantine rows.
        """
        items = self._state_items()
        for number in rule_numbers:
            items |= self._counts(number)
        head = {"track": literal(self.selector.id), "series": "key"}
        if not self.context_readings:
            return f"SELECT {select(head | items)} FROM {self._judged_readings(source)} AS judged GROUP BY key"
        series_rows = f"(SELECT number, {select(items)} FROM {self._judged_readings(source)} AS judged GROUP BY number)"
        named = select(head | {name: f"told.{name}" for name in items})
        return f"SELECT {named} FROM {series_rows} AS told JOIN {self._series_numbers(source)} AS its ON told.number = its.number"

    def _judged_readings(self, source: SeriesInput) -> str:
        if not self.context_readings:
            return f"(SELECT *, {IN_TIME} AS side FROM {self._readings(source)})"
        near: dict[str, str] = {}
        for rule_sql in self.rule_sqls.values():
            near |= rule_sql.windows
        near["ends"] = f"lead(us, {self.context_readings}) OVER near IS NULL"
        rows = f"(SELECT *, {select(near)} FROM {self._readings_with_context(source)} {NEAR})"
        flags = {alias: flag for rule_sql in self.rule_sqls.values() for alias, flag in rule_sql.flags.items()}
        rows = f"(SELECT *, {select(flags)} FROM {rows})" if flags else rows
        since = {f"since_{number}": self._last_break(number) for number in self._rules_with_breaks()}
        return f"(SELECT *, {select(since)} FROM {rows} {NEAR})" if since else rows

    def _last_break(self, number: int) -> str:
        begun = f"CASE WHEN NOT fresh THEN held_{number} WHEN {self.rule_sqls[number].break_condition} THEN us END"
        return f"max({begun}) OVER (near {FRAME_SO_FAR})"

    def _rules_with_breaks(self) -> list[int]:
        return [number for number, piece in self.rule_sqls.items() if piece.break_condition]

    def _readings_with_context(self, source: SeriesInput) -> str:
        """The batch's readings by side, after the context of their series."""
        kept = self._context_items()
        far = f"WHEN r.us > r.taken_us + {FAR_AHEAD} THEN {AHEAD}"
        fresh = {name: f"r.{name}" for name in kept}
        fresh |= {"side": f"CASE WHEN r.us < its.known_us THEN {LATE} {far} ELSE {IN_TIME} END"}
        fresh |= {f"held_{number}": UNKNOWN for number in self._rules_with_breaks()}
        series = self._series_numbers(source)
        rows = (
            f"SELECT {select(fresh)}, its.number FROM {self._readings(source)} AS r JOIN {series} AS its ON r.key = its.key "
            f"UNION ALL SELECT {select(kept)}, its.number FROM {self._unnest_context(source, self.context_fields)} AS past "
            f"JOIN {series} AS its ON past.series = its.key"
        )
        return f"(SELECT *, CAST(number * {SIDE_COUNT} + side AS INTEGER) AS part FROM ({rows}))"

    def _series_numbers(self, source: SeriesInput) -> str:
        """The batch's series with numbers and context: sorting readings by name costs twice as much."""
        known = f"(SELECT series AS key, epoch_us(last_ts) AS known_us FROM {self._own_context(source)})"
        # Only comparisons between series need the series that are not in the batch.
        others = f"UNION SELECT series FROM {self._own_context(source)}" if self._needs_series_name() else ""
        names = f"(SELECT DISTINCT key FROM {_batch_readings(self.selector, [], source)} {others})"
        return f"(SELECT names.key, known.known_us, {SERIES_NUMBER} AS number FROM {names} AS names LEFT JOIN {known} AS known ON names.key = known.key)"

    def _context_items(self) -> dict[str, str]:
        items = {"key": "series"} if self._needs_series_name() else {}
        items |= {
            "us": "CAST(r.us AS BIGINT)",
            "place": "position - length - 1",
            "fresh": "FALSE",
            "taken_us": UNKNOWN,
        }
        items |= {field.alias: f"CAST(NULL AS {field.type})" for field in self.fields}
        items |= {field.alias: f"TRY_CAST(r.{identifier(field.name)} AS {field.type})" for field in self.context_fields}
        items |= {"mid_us": UNKNOWN, "spread_us": UNKNOWN} if self._needs_arrival_times() else {}
        items |= (
            {alias: f"CAST(NULL AS {sql_type(type_)})" for alias, type_ in LIMIT_ALIASES.items()} if self._needs_limits() else {}
        )
        held = "CASE WHEN position = length THEN coalesce(CAST(held ->> '$.\"{}\"' AS BIGINT), CAST(r.us AS BIGINT)) END"
        return items | {"side": str(IN_TIME)} | {f"held_{n}": held.format(self.versions[n]) for n in self._rules_with_breaks()}

    def _own_context(self, source: SeriesInput) -> str:
        return f"(SELECT * FROM {source.context} WHERE track = {literal(self.selector.id)})"

    def _unnest_context(self, source: SeriesInput, fields: Iterable[SeriesField]) -> str:
        """The stored readings as rows, each with its position within its series."""
        form = json.dumps([dict.fromkeys(("us", *(field.name for field in fields)), "VARCHAR")], ensure_ascii=False)
        listed = f"(SELECT series, held, json_transform(readings, {literal(form)}) AS list FROM {self._own_context(source)})"
        return (
            "(SELECT series, held, len(list) AS length, unnest(list) AS r, unnest(range(1, len(list) + 1)) AS position "
            f"FROM {listed})"
        )

    def _readings(self, source: SeriesInput) -> str:
        rows = _batch_readings(self.selector, [field for field in self.fields if not field.state_series], source)
        for field in self.fields:
            if field.state_series:
                rows = self._with_state(rows, field, source)
        rows = _with_limits(rows, source.limits) if self._needs_limits() else rows
        return self._with_arrival_times(rows, source) if self._needs_arrival_times() else rows

    def _with_state(self, rows: str, field: SeriesField, source: SeriesInput) -> str:
        """`rows` with the newest value of the machine's state series at the time of each reading."""
        state_query = SeriesQuery(
            selector=self.state_selectors[field],
            rule_sqls={},
            versions={},
            diverting_numbers=frozenset(),
            state_selectors={},
            carried_fields=(state_value_field(field),),
        )
        batch_states = {"machine": machine_path("key"), "us": "us", "word": state_value_field(field).alias, "place": "place"}
        kept = {
            "machine": machine_path("series"),
            "us": "CAST(r.us AS BIGINT)",
            "word": f"r.{identifier(state_value_field(field).name)}",
            "place": "-1",
        }
        every = (
            f"(SELECT {select(batch_states)} FROM {_batch_readings(state_query.selector, state_query.carried_fields, source)} WHERE {state_value_field(field).alias} IS NOT NULL "
            f"UNION ALL SELECT {select(kept)} FROM {state_query._unnest_context(source, state_query.carried_fields)})"
        )
        # Of two values at one time the later one is valid.
        newest_states = f"(SELECT machine, us, arg_max(word, place) AS word FROM {every} GROUP BY machine, us)"
        return (
            f"(SELECT rws.*, words.word AS {field.alias} FROM {rows} AS rws ASOF LEFT JOIN {newest_states} AS words "
            f"ON {machine_path('rws.key')} = words.machine AND rws.us >= words.us)"
        )

    def _needs_series_name(self) -> bool:
        return any(piece.needs_series_name for piece in self.rule_sqls.values())

    def _needs_limits(self) -> bool:
        return any(piece.needs_limits for piece in self.rule_sqls.values())

    def _needs_arrival_times(self) -> bool:
        return any(piece.needs_arrival_times for piece in self.rule_sqls.values())

    def _with_arrival_times(self, rows: str, source: SeriesInput) -> str:
        everything = _batch_readings(
            SeriesSelector(id=self.selector.id, key=self.selector.key, time=self.selector.time), [], source
        )
        quarters = {f"q{part}": f"quantile_disc(us, {part / 4})" for part in (1, 2, 3)}
        block_quartiles = f"(SELECT {source.block('place')} AS block, {select(quarters)} FROM {everything} GROUP BY block)"
        joined = f"{rows} AS rws LEFT JOIN {block_quartiles} AS told ON {source.block('rws.place')} = told.block"
        return f"(SELECT rws.*, told.q2 AS mid_us, told.q3 - told.q1 AS spread_us FROM {joined})"

    def _counts(self, number: int) -> dict[str, str]:
        rule_sql, told = self.rule_sqls.get(number), dict(self.excuses).get(number, ())
        if rule_sql is None:
            counts = {f"e{number}": "0", f"f{number}": "0", f"p{number}": "CAST(NULL AS BIGINT[])"}
            return counts | {f"{name}{number}": "0" for name in told}
        fails = f"({rule_sql.evaluated}) AND ({rule_sql.fails})"
        gated = f"CASE WHEN {rule_sql.gate} THEN %s END" if rule_sql.gate != "TRUE" else "%s"
        row_ids = (
            f"list(place) FILTER (WHERE fresh AND {fails})" if number in self.diverting_numbers else "CAST(NULL AS BIGINT[])"
        )
        counted = rule_sql.evaluated_count or f"count_if({rule_sql.evaluated})"
        excused = {f"{name}{number}": f"count_if({rule_sql.excused[name]})" for name in told}
        return {f"e{number}": counted, f"f{number}": gated % f"count_if({fails})", f"p{number}": gated % row_ids} | excused

    def _state_items(self) -> dict[str, str]:
        if not self.context_readings:
            texts = dict.fromkeys(("readings", "held"), "CAST(NULL AS VARCHAR)")
            return {"last_ts": "CAST(NULL AS TIMESTAMPTZ)", **texts, "renewed": "FALSE"}
        field_items = ", ".join(f"{literal(field.name)}: CAST({field.alias} AS VARCHAR)" for field in self.context_fields)
        held = ", ".join(
            f"{literal(self.versions[n])}: max(since_{n}) FILTER (WHERE side = {IN_TIME})" for n in self._rules_with_breaks()
        )
        row = f"{{'us': us{', ' if field_items else ''}{field_items}}}"
        return {
            "last_ts": f"make_timestamptz(max(us) FILTER (WHERE side = {IN_TIME}))",
            "readings": f"CAST(to_json(list({row} ORDER BY us, place) FILTER (WHERE ends AND side = {IN_TIME})) AS VARCHAR)",
            "held": f"CAST(to_json({{{held}}}) AS VARCHAR)" if held else "CAST(NULL AS VARCHAR)",
            "renewed": f"bool_or(fresh AND side = {IN_TIME})",
        }


def state_value_field(field: SeriesField) -> SeriesField:
    """The field in the rows of the state series."""
    return replace(field, alias=field.alias[1:], name=field.name.removesuffix(f"@{field.state_series}"), state_series=None)


def _with_limits(rows: str, limits: str | None) -> str:
    """`rows` with what the mapping of their time says of their series."""
    items = ", ".join(f"lim.{alias.removeprefix('lim_')} AS {alias}" for alias in LIMIT_ALIASES)
    if limits is None:
        items = ", ".join(f"CAST(NULL AS {sql_type(type_)}) AS {alias}" for alias, type_ in LIMIT_ALIASES.items())
        return f"(SELECT rws.*, {items} FROM {rows} AS rws)"
    own = "rws.key = lim.series AND rws.place >= lim.first_place AND rws.place < lim.end_place"
    return f"(SELECT rws.*, {items} FROM {rows} AS rws LEFT JOIN {limits} AS lim ON {own})"


def machine_path(key: str) -> str:
    """SQL of the common path of a machine's series: all parts but the last."""
    return f"regexp_extract({key}, '^(.*)/[^/]*$', 1)"


def _batch_readings(selector: SeriesSelector, fields: Iterable[SeriesField], source: SeriesInput) -> str:
    """The rows of the batch that are readings of the selector."""
    items = {
        "key": selector.key,
        "us": f"epoch_us({selector.time})",
        "place": f"_file_seq * {ROWS_PER_FILE} + _row",
        "fresh": "TRUE",
    }
    items |= {"taken_us": f"epoch_us({source.received_at})" if source.received_at else UNKNOWN}
    items |= {field.alias: field.sql for field in fields}
    named = f" AND regexp_matches(key, {literal(selector.pattern)})" if selector.pattern else ""
    named += f" AND NOT regexp_matches(key, {literal(selector.exclude_pattern)})" if selector.exclude_pattern else ""
    where = f" WHERE {selector.where}" if selector.where else ""
    return f"(SELECT * FROM (SELECT {select(items)} FROM {source.rows}{where}) WHERE key IS NOT NULL AND us IS NOT NULL{named})"
