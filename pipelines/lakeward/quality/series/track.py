"""The query of one look: its readings and their context, each beside its neighbours, counted per series.

Sorted once, by series and time. What is behind the newest reading of an earlier batch, or far ahead of its own arrival, is sorted by
itself: it is no neighbour of the others, and never becomes context, so that no late batch and no wild clock can spoil it.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from lakeward.core.sql import identifier, literal
from lakeward.quality.series.look import Look
from lakeward.quality.series.piece import AHEAD, FILE, IN_TIME, LATE, SECOND, Field, Piece
from lakeward.quality.sql import select

# A clock in another zone is up to 14 h ahead; what is a day ahead of its arrival was never read then.
FAR_AHEAD = 24 * 3600 * SECOND
# Readings that arrived together, to tell the time by: few enough that a feed of some 20 series lies within minutes.
BESIDE = 256
UNKNOWN = "CAST(NULL AS BIGINT)"
NEAR = "WINDOW near AS (PARTITION BY part ORDER BY us, place)"
# The same in both branches of a query that reads it twice.
NUMBER = "row_number() OVER (ORDER BY names.key)"
SIDES = 3
SO_FAR = "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"


@dataclass(frozen=True, slots=True)
class Source:
    """Where readings come from.

    Args:
        rows: The converted batch, as a relation.
        context: Relation of what earlier batches left: `track, series, last_ts, readings, held`.
        taken: SQL of the instant at which a row was received; None: nobody knows.
    """

    rows: str
    context: str
    taken: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """The rules of one look.

    Args:
        pieces: By number of the rule.
        versions: Their rules' versions, by the same numbers: what is held for a rule is held for that version of it.
        diverting: Numbers of those whose failing rows may be asked for.
        tellers: For each field that another series tells, the look at those series.
        kept: Fields that other tracks need to be kept from batch to batch.
    """

    look: Look
    pieces: Mapping[int, Piece]
    versions: Mapping[int, str]
    diverting: frozenset[int]
    tellers: Mapping[Field, Look]
    kept: tuple[Field, ...] = ()

    @property
    def fields(self) -> tuple[Field, ...]:
        """All that its readings must hold."""
        return tuple(dict.fromkeys((*(one for piece in self.pieces.values() for one in piece.fields), *self.kept)))

    @property
    def remembered(self) -> tuple[Field, ...]:
        """Of these, what must be known of readings of earlier batches."""
        used = (one for piece in self.pieces.values() if piece.tail for one in piece.fields)
        return tuple(dict.fromkeys((*used, *self.kept)))

    @property
    def tail(self) -> int:
        """Readings of context per series; 0: no reading is judged by others, and nothing is sorted or kept."""
        return max([1 if self.kept else 0, *(piece.tail for piece in self.pieces.values())])

    def sql(self, source: Source, numbers: Iterable[int]) -> str:
        """SELECT of one row per series: `track, series, last_ts, readings, held, renewed`, and per rule `e, f, p` and its number.

        Counts of rules of other tracks are 0. `p`: places of failing rows, where the rule may divert.
        """
        items = self._state()
        for number in numbers:
            items |= self._counts(number)
        head = {"track": literal(self.look.id), "series": "key"}
        if not self.tail:
            return f"SELECT {select(head | items)} FROM {self._judged(source)} AS judged GROUP BY key"
        told = f"(SELECT number, {select(items)} FROM {self._judged(source)} AS judged GROUP BY number)"
        named = select(head | {name: f"told.{name}" for name in items})
        return f"SELECT {named} FROM {told} AS told JOIN {self._numbered(source)} AS its ON told.number = its.number"

    def _judged(self, source: Source) -> str:
        if not self.tail:
            return f"(SELECT *, {IN_TIME} AS side FROM {self._readings(source)})"
        near: dict[str, str] = {}
        for piece in self.pieces.values():
            near |= piece.near
        near["ends"] = f"lead(us, {self.tail}) OVER near IS NULL"
        rows = f"(SELECT *, {select(near)} FROM {self._placed(source)} {NEAR})"
        since = {f"since_{number}": self._since(number) for number in self._watched()}
        return f"(SELECT *, {select(since)} FROM {rows} {NEAR})" if since else rows

    def _since(self, number: int) -> str:
        begun = f"CASE WHEN NOT fresh THEN held_{number} WHEN {self.pieces[number].breaks} THEN us END"
        return f"max({begun}) OVER (near {SO_FAR})"

    def _watched(self) -> list[int]:
        return [number for number, piece in self.pieces.items() if piece.breaks]

    def _placed(self, source: Source) -> str:
        """The batch's readings by side, and the context of their series before them."""
        kept = self._kept_items()
        far = f"WHEN r.us > r.taken_us + {FAR_AHEAD} THEN {AHEAD}"
        fresh = {name: f"r.{name}" for name in kept}
        fresh |= {"side": f"CASE WHEN r.us < its.known_us THEN {LATE} {far} ELSE {IN_TIME} END"}
        fresh |= {f"held_{number}": UNKNOWN for number in self._watched()}
        series = self._numbered(source)
        rows = (
            f"SELECT {select(fresh)}, its.number FROM {self._readings(source)} AS r JOIN {series} AS its ON r.key = its.key "
            f"UNION ALL SELECT {select(kept)}, its.number FROM {self._unfolded(source, self.remembered)} AS past "
            f"JOIN {series} AS its ON past.series = its.key"
        )
        return f"(SELECT *, CAST(number * {SIDES} + side AS INTEGER) AS part FROM ({rows}))"

    def _numbered(self, source: Source) -> str:
        """The batch's series with a number each, and what is known of them: to sort readings with their names costs twice as much."""
        known = f"(SELECT series AS key, epoch_us(last_ts) AS known_us FROM {self._mine(source)})"
        # Only series against series needs those that did not come with the batch.
        others = f"UNION SELECT series FROM {self._mine(source)}" if self._by_name() else ""
        names = f"(SELECT DISTINCT key FROM {_arrived(self.look, [], source)} {others})"
        return f"(SELECT names.key, known.known_us, {NUMBER} AS number FROM {names} AS names LEFT JOIN {known} AS known ON names.key = known.key)"

    def _kept_items(self) -> dict[str, str]:
        items = {"key": "series"} if self._by_name() else {}
        items |= {
            "us": "CAST(r.us AS BIGINT)",
            "place": "position - length - 1",
            "fresh": "FALSE",
            "taken_us": UNKNOWN,
        }
        items |= {one.alias: f"CAST(NULL AS {one.type})" for one in self.fields}
        items |= {one.alias: f"TRY_CAST(r.{identifier(one.name)} AS {one.type})" for one in self.remembered}
        items |= {"mid_us": UNKNOWN, "spread_us": UNKNOWN} if self._beside() else {}
        held = "CASE WHEN position = length THEN coalesce(CAST(held ->> '$.\"{}\"' AS BIGINT), CAST(r.us AS BIGINT)) END"
        return items | {"side": str(IN_TIME)} | {f"held_{n}": held.format(self.versions[n]) for n in self._watched()}

    def _mine(self, source: Source) -> str:
        return f"(SELECT * FROM {source.context} WHERE track = {literal(self.look.id)})"

    def _unfolded(self, source: Source, fields: Iterable[Field]) -> str:
        """The kept readings one by one, each with its position among those of its series."""
        form = json.dumps([dict.fromkeys(("us", *(one.name for one in fields)), "VARCHAR")], ensure_ascii=False)
        listed = f"(SELECT series, held, json_transform(readings, {literal(form)}) AS list FROM {self._mine(source)})"
        return (
            "(SELECT series, held, len(list) AS length, unnest(list) AS r, unnest(range(1, len(list) + 1)) AS position "
            f"FROM {listed})"
        )

    def _readings(self, source: Source) -> str:
        rows = _arrived(self.look, [one for one in self.fields if not one.told_by], source)
        for one in self.fields:
            if one.told_by:
                rows = self._told(rows, one, source)
        return self._with_beside(rows, source) if self._beside() else rows

    def _told(self, rows: str, one: Field, source: Source) -> str:
        """`rows` with the newest word that the machine's series `told_by` had said by the time of each reading."""
        teller = Track(look=self.tellers[one], pieces={}, versions={}, diverting=frozenset(), tellers={}, kept=(plain(one),))
        said = {"machine": machine("key"), "us": "us", "word": plain(one).alias, "place": "place"}
        kept = {
            "machine": machine("series"),
            "us": "CAST(r.us AS BIGINT)",
            "word": f"r.{identifier(plain(one).name)}",
            "place": "-1",
        }
        every = (
            f"(SELECT {select(said)} FROM {_arrived(teller.look, teller.kept, source)} WHERE {plain(one).alias} IS NOT NULL "
            f"UNION ALL SELECT {select(kept)} FROM {teller._unfolded(source, teller.kept)})"
        )
        # Of two words for one time the later one counts.
        words = f"(SELECT machine, us, arg_max(word, place) AS word FROM {every} GROUP BY machine, us)"
        return (
            f"(SELECT rws.*, words.word AS {one.alias} FROM {rows} AS rws ASOF LEFT JOIN {words} AS words "
            f"ON {machine('rws.key')} = words.machine AND rws.us >= words.us)"
        )

    def _by_name(self) -> bool:
        return any(piece.by_name for piece in self.pieces.values())

    def _beside(self) -> bool:
        return any(piece.beside for piece in self.pieces.values())

    def _with_beside(self, rows: str, source: Source) -> str:
        everything = _arrived(Look(id=self.look.id, key=self.look.key, time=self.look.time), [], source)
        quarters = {f"q{part}": f"quantile_disc(us, {part / 4})" for part in (1, 2, 3)}
        told = f"(SELECT place // {BESIDE} AS block, {select(quarters)} FROM {everything} GROUP BY block)"
        joined = f"{rows} AS rws LEFT JOIN {told} AS told ON rws.place // {BESIDE} = told.block"
        return f"(SELECT rws.*, told.q2 AS mid_us, told.q3 - told.q1 AS spread_us FROM {joined})"

    def _counts(self, number: int) -> dict[str, str]:
        piece = self.pieces.get(number)
        if piece is None:
            return {f"e{number}": "0", f"f{number}": "0", f"p{number}": "CAST(NULL AS BIGINT[])"}
        fails = f"({piece.evaluated}) AND ({piece.fails})"
        gated = f"CASE WHEN {piece.gate} THEN %s END" if piece.gate != "TRUE" else "%s"
        places = f"list(place) FILTER (WHERE fresh AND {fails})" if number in self.diverting else "CAST(NULL AS BIGINT[])"
        counted = piece.counted or f"count_if({piece.evaluated})"
        return {f"e{number}": counted, f"f{number}": gated % f"count_if({fails})", f"p{number}": gated % places}

    def _state(self) -> dict[str, str]:
        if not self.tail:
            texts = dict.fromkeys(("readings", "held"), "CAST(NULL AS VARCHAR)")
            return {"last_ts": "CAST(NULL AS TIMESTAMPTZ)", **texts, "renewed": "FALSE"}
        packed = ", ".join(f"{literal(one.name)}: CAST({one.alias} AS VARCHAR)" for one in self.remembered)
        held = ", ".join(f"{literal(self.versions[n])}: max(since_{n}) FILTER (WHERE side = {IN_TIME})" for n in self._watched())
        row = f"{{'us': us{', ' if packed else ''}{packed}}}"
        return {
            "last_ts": f"make_timestamptz(max(us) FILTER (WHERE side = {IN_TIME}))",
            "readings": f"CAST(to_json(list({row} ORDER BY us, place) FILTER (WHERE ends AND side = {IN_TIME})) AS VARCHAR)",
            "held": f"CAST(to_json({{{held}}}) AS VARCHAR)" if held else "CAST(NULL AS VARCHAR)",
            "renewed": f"bool_or(fresh AND side = {IN_TIME})",
        }


def plain(told: Field) -> Field:
    """The field in the rows of the series that tells it."""
    return replace(told, alias=told.alias[1:], name=told.name.removesuffix(f"@{told.told_by}"), told_by=None)


def machine(key: str) -> str:
    """SQL of the path that a machine's series have in common: all but the last part."""
    return f"regexp_extract({key}, '^(.*)/[^/]*$', 1)"


def _arrived(look: Look, fields: Iterable[Field], source: Source) -> str:
    """The rows of the batch that are readings of the look."""
    items = {"key": look.key, "us": f"epoch_us({look.time})", "place": f"_file_seq * {FILE} + _row", "fresh": "TRUE"}
    items |= {"taken_us": f"epoch_us({source.taken})" if source.taken else UNKNOWN}
    items |= {one.alias: one.sql for one in fields}
    named = f" AND regexp_matches(key, {literal(look.pattern)})" if look.pattern else ""
    named += f" AND NOT regexp_matches(key, {literal(look.except_)})" if look.except_ else ""
    where = f" WHERE {look.where}" if look.where else ""
    return f"(SELECT * FROM (SELECT {select(items)} FROM {source.rows}{where}) WHERE key IS NOT NULL AND us IS NOT NULL{named})"
