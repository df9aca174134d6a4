"""Spikes: a few readings that jump away and return.

The height of a reading is the part that a morphological opening (or closing) removes: how far it exceeds every stretch of one
reading more than the longest spike. A step or a ramp has none, so the start of a machine is no spike. A large height is relative
to
the spread of the readings around it, direct neighbours excluded, which needs readings on both sides: the last ones of a batch
    are judged in the
next one, and are then counted but no longer quarantined.
"""

from lakeward.quality.series.arguments import SeriesArguments
from lakeward.quality.series.rule_sql import SeriesRuleSql

# Longest spike in readings: a longer one could be a state of the process.
MAX_READINGS = 3
# Usual threshold against noise (Hampel's three, of deviations there, of the wider spread here).
FACTOR = 3.0


def no_spike(args: SeriesArguments, _: int) -> SeriesRuleSql:
    """A reading fails if its height exceeds both `min_change` and `factor` times the spread of the readings around it."""
    value, width = args.number_column(), int(args.get("max_readings", MAX_READINGS))
    reach = 3 * width - 1
    around = {step: _neighbour(value.alias, step) for step in range(-width, width + 1)}
    near = {f"at_{_step_name(step)}_{value.alias}": window for step, window in around.items() if step}
    near |= {f"spread_{value.alias}_{width}": _spread(value.alias, width, reach), f"known_{reach}": _has_both_sides(reach)}
    least = float(args.get("min_change", 0))
    scale = f"{float(args.get('factor', FACTOR))!r} * spread_{value.alias}_{width}"
    # Without variation and `min_change`, there is no measure of a large height.
    evaluated = f"known_{reach} AND {value.alias} IS NOT NULL AND greatest({least!r}, {scale}) > 0"
    return SeriesRuleSql(
        evaluated,
        f"{_height(value.alias, width)} > greatest({least!r}, {scale})",
        columns=(value,),
        windows=near,
        context_readings=2 * reach,
    )


def _neighbour(alias: str, step: int) -> str:
    return f"lag({alias}, {-step}) OVER near" if step < 0 else f"lead({alias}, {step}) OVER near"


def _step_name(step: int) -> str:
    return f"b{-step}" if step < 0 else f"a{step}"


def _height(alias: str, width: int) -> str:
    names = {step: f"at_{_step_name(step)}_{alias}" if step else alias for step in range(-width, width + 1)}
    stretches = [[names[first + step] for step in range(width + 1)] for first in range(-width, 1)]
    opened = ", ".join(f"least({', '.join(stretch)})" for stretch in stretches)
    closed = ", ".join(f"greatest({', '.join(stretch)})" for stretch in stretches)
    return f"greatest({alias} - greatest({opened}), least({closed}) - {alias})"


def _spread(alias: str, width: int, reach: int) -> str:
    before, after = (
        f"ROWS BETWEEN {reach} PRECEDING AND {width} PRECEDING",
        f"ROWS BETWEEN {width} FOLLOWING AND {reach} FOLLOWING",
    )
    ranges = (f"max({alias}) OVER (near {frame}) - min({alias}) OVER (near {frame})" for frame in (before, after))
    return f"greatest({', '.join(ranges)})"


def _has_both_sides(reach: int) -> str:
    """Condition: both sides exist, and the last of them is in this batch, so that each reading is evaluated once."""
    return f"side = 0 AND coalesce(lead(fresh, {reach}) OVER near, FALSE) AND lag(us, {reach}) OVER near IS NOT NULL"
