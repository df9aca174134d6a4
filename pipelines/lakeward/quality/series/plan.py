"""All sensor rules of a suite as one query: one row per series comes back, with counts, places of failing rows and the new context.

Pure: the flow runs the SQL, gives the context and keeps the new one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from lakeward.contracts.model import Contract
from lakeward.quality import conditions
from lakeward.quality.checks import share
from lakeward.quality.convert import Converted
from lakeward.quality.rule import Outcome, Rule, Severity, Verdict
from lakeward.quality.scope import Scope
from lakeward.quality.series.arguments import ArgumentError, Arguments
from lakeward.quality.series.balance import balance
from lakeward.quality.series.clocks import no_clock_skew
from lakeward.quality.series.codes import quality_code_share
from lakeward.quality.series.flat import not_flat
from lakeward.quality.series.gaps import no_gap
from lakeward.quality.series.look import Look, look_of, teller
from lakeward.quality.series.order import timestamps_in_order
from lakeward.quality.series.piece import FILE, Field, Piece
from lakeward.quality.series.rates import rate_of_change_between
from lakeward.quality.series.repeats import no_duplicate_timestamps
from lakeward.quality.series.spikes import no_spike
from lakeward.quality.series.states import range_by_state
from lakeward.quality.series.track import Source, Track, plain
from lakeward.quality.series.units import unit_unchanged
from lakeward.quality.sql import select

PLACE = ("_file_seq", "_row")

PIECES: Mapping[str, Callable[[Arguments, int], Piece]] = {
    "expect_series_balance": balance,
    "expect_series_no_clock_skew": no_clock_skew,
    "expect_series_no_duplicate_timestamps": no_duplicate_timestamps,
    "expect_series_no_gap": no_gap,
    "expect_series_no_spike": no_spike,
    "expect_series_not_flat": not_flat,
    "expect_series_quality_code_share": quality_code_share,
    "expect_series_range_by_state": range_by_state,
    "expect_series_rate_of_change_between": rate_of_change_between,
    "expect_series_timestamps_in_order": timestamps_in_order,
    "expect_series_unit_unchanged": unit_unchanged,
}


@dataclass(frozen=True, slots=True)
class SeriesPlan:
    """The sensor rules of a suite, by the number that their columns have in the query.

    Args:
        values: Expressions of the converted columns that they look at.
        unfit: What of a rule does not fit the data, by its number: data without a contract may lack a time column.
    """

    rules: tuple[Rule, ...]
    tracks: tuple[Track, ...]
    values: tuple[str, ...]
    unfit: Mapping[int, str]

    def alone(self) -> "SeriesPlan":
        """The plan for rows that come without those around them: what is judged by neighbours is not evaluated."""
        kept = ({n: piece for n, piece in track.pieces.items() if not piece.tail} for track in self.tracks)
        tracks = (replace(track, pieces=pieces, kept=()) for track, pieces in zip(self.tracks, kept, strict=True) if pieces)
        return replace(self, tracks=tuple(tracks))

    def sql(self, source: Source) -> str:
        """SELECT of one row per track and series, see `Track.sql`; only where there are tracks."""
        taken = [source.taken] if source.taken else []
        # Converted once, and only what is looked at: each track reads these rows again.
        rows = f"SELECT {', '.join((*self.values, *PLACE, *taken))} FROM {source.rows}"
        narrow = replace(source, rows="series_rows")
        parts = " UNION ALL ".join(track.sql(narrow, range(len(self.rules))) for track in self.tracks)
        return f"WITH series_rows AS MATERIALIZED ({rows}) {parts}"

    def sums(self, judged: str) -> str:
        """SELECT of one row, `e` and `f` by number of the rule: readings evaluated and failed, of the relation `judged`."""
        items = {f"{kind}{n}": f"coalesce(sum({kind}{n}), 0)" for n in range(len(self.rules)) for kind in "ef"}
        return f"SELECT {select(items)} FROM {judged}"

    def verdicts(self, sums: Mapping[str, Any]) -> tuple[Verdict, ...]:
        """One verdict per rule, from the row of `sums`; UNKNOWN over nothing, or where the rule does not fit the data."""
        return tuple(
            Verdict(rule, Outcome.UNKNOWN, reason=self.unfit[n])
            if n in self.unfit
            else _verdict(rule, sums[f"e{n}"], sums[f"f{n}"])
            for n, rule in enumerate(self.rules)
        )

    def places(self, rule_id: str, judged: str) -> str:
        """SELECT of the places (`_file_seq`, `_row`) of the batch's rows that fail a rule; only of those that may divert."""
        number = next(number for number, rule in enumerate(self.rules) if rule.id == rule_id)
        rows = f"(SELECT unnest(p{number}) AS place FROM {judged})"
        return f"SELECT place // {FILE} AS _file_seq, place % {FILE} AS _row FROM {rows}"


def make_series_plan(
    contract: Contract, columns: Mapping[str, Converted], rules: Sequence[Rule], *, every: bool = False
) -> SeriesPlan:
    """Compile the sensor rules `rules` for a batch whose converted columns are `columns`.

    Args:
        every: Places are wanted of every rule, whatever its severity.
    """
    pieces: dict[Look, dict[int, Piece]] = {}
    unfit: dict[int, str] = {}
    tellers: dict[Field, Look] = {}
    values: dict[str, None] = {}
    for number, rule in enumerate(rules):
        try:
            look, piece = fit(contract, columns, rule, number)
        except ArgumentError as error:
            unfit[number] = str(error)
            continue
        pieces.setdefault(look, {})[number] = piece
        args = Arguments(contract, columns, rule.kwargs)
        values |= dict.fromkeys(columns[name].value for name in (*args.looked_at(), *(one.column for one in piece.fields)))
        tellers |= {one: teller(args, one.told_by) for one in piece.fields if one.told_by}
    divert = frozenset(n for n, rule in enumerate(rules) if every or rule.severity is not Severity.WARN)
    versions = {number: rule.version for number, rule in enumerate(rules)}
    tracks = (Track(look=look, pieces=of, versions=versions, diverting=divert, tellers=tellers) for look, of in pieces.items())
    return SeriesPlan(tuple(rules), (*tracks, *_telling(tellers)), tuple(values), unfit)


def fit(contract: Contract, columns: Mapping[str, Converted], rule: Rule, number: int) -> tuple[Look, Piece]:
    """What rule number `number` looks at, and what it asks there.

    Raises:
        ArgumentError: It does not fit the contract.
    """
    args = Arguments(contract, columns, rule.kwargs)
    return look_of(args, _condition(args)), PIECES[rule.type](args, number)


def _condition(args: Arguments) -> str | None:
    if not args.given("row_condition"):
        return None
    reading = conditions.read(args.kwargs)
    if reading is None:
        raise ArgumentError("row_condition", "a condition that can be written in SQL")
    return conditions.write(reading, Scope(args.columns, args.contract.record_format.zone))


def _telling(tellers: Mapping[Field, Look]) -> tuple[Track, ...]:
    """Tracks without rules: they keep the last word of the series that tell states."""
    kept = {look: tuple(plain(one) for one, its in tellers.items() if its == look) for look in tellers.values()}
    return tuple(
        Track(look=look, pieces={}, versions={}, diverting=frozenset(), tellers={}, kept=tuple(dict.fromkeys(fields)))
        for look, fields in kept.items()
    )


def _verdict(rule: Rule, evaluated: int, failed: int) -> Verdict:
    return share(rule, int(evaluated), int(evaluated), int(failed), Decimal(str(rule.kwargs.get("mostly", 1))))
