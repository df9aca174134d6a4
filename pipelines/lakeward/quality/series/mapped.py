"""Rules that follow from the mapping of addresses to series: the range of each series, and the interval in which it reports."""

from collections.abc import Callable, Iterable, Mapping

from lakeward.core.sql import literal
from lakeward.quality.series.arguments import SeriesArguments
from lakeward.quality.series.gaps import TOLERANCE, gap_rule
from lakeward.quality.series.rule_sql import SeriesRuleSql
from lakeward.quality.unit_conversion import folded_unit, plain_unit

RANGE, PROPOSED_RANGE, INTERVAL = "series_range", "series_proposed_range", "series_interval"


def checked_range(args: SeriesArguments, _: int) -> SeriesRuleSql:
    """A reading fails if it lies outside the range that a person has checked."""
    return _range(args, "lim_is_checked")


def proposed_range(args: SeriesArguments, _: int) -> SeriesRuleSql:
    """A reading fails if it lies outside the range that is only proposed."""
    return _range(args, "NOT lim_is_checked")


def interval(args: SeriesArguments, number: int) -> SeriesRuleSql:
    """The reading after a silence fails that was longer than one and a half intervals, if the source was heard all the time.

    A series whose source reports changes alone is not silent while the source lives.
    """
    silence = f"lim_interval_us * {1 + TOLERANCE!r}"
    return gap_rule(args, number, silence, "lim_interval_us IS NOT NULL")


MAPPED_RULES: Mapping[str, Callable[[SeriesArguments, int], SeriesRuleSql]] = {
    RANGE: checked_range,
    PROPOSED_RANGE: proposed_range,
    INTERVAL: interval,
}


def _range(args: SeriesArguments, is_own: str) -> SeriesRuleSql:
    value = args.number_column()
    unit = args.text_column("unit_column") if args.get("unit_column") else None
    known = "(lim_low IS NOT NULL OR lim_high IS NOT NULL)"
    evaluated = f"fresh AND {value.alias} IS NOT NULL AND {known} AND {is_own}"
    if unit:
        evaluated += f" AND {_same_unit(args, unit.alias)}"
    fails = f"{value.alias} < coalesce(lim_low, {value.alias}) OR {value.alias} > coalesce(lim_high, {value.alias})"
    return SeriesRuleSql(evaluated, fails, columns=(value, *((unit,) if unit else ())), needs_limits=True)


def _same_unit(args: SeriesArguments, unit: str) -> str:
    """Condition that reading and range have one unit: a number in another one says nothing."""
    plain = plain_unit(unit)
    cases = " ".join(
        f"WHEN {literal(code)} THEN {plain} IN ({_texts((code, *spelled.exact))}) OR {folded_unit(plain)} IN ({_texts(spelled.folded)})"
        for code, spelled in args.source.units
    )
    return f"CASE coalesce(lim_unit, '') WHEN '' THEN TRUE {cases} ELSE FALSE END" if cases else "TRUE"


def _texts(texts: Iterable[str]) -> str:
    return ", ".join(map(literal, texts)) or "NULL"
