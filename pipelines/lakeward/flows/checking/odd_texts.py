"""Texts in columns of numbers: what made such a column one of text, and where it stands."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lakeward.profiling.type_trials import StagedRecords, TypeTrialResult, first_unconverted
from lakeward.quality.gx import GX_FAILED, GX_MISSING
from lakeward.quality.rule import Outcome, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class OddText:
    """What made a column of numbers one of text.

    Args:
        texts: Number of values that are no number.
        values: Number of values.
        file, row: Place of the first of these texts.
    """

    column: str
    texts: int
    values: int
    file: str
    row: int


def find_odd_texts(staged: StagedRecords, outcomes: Mapping[str, Sequence[TypeTrialResult]]) -> Iterator[OddText]:
    """Of each column that is text although most of its values are numbers: where the first other text stands."""
    for column, trials in outcomes.items():
        best = max(trials, key=lambda trial: trial.converted)
        if best.converted == best.filled or 2 * best.converted <= best.filled:
            continue
        place = first_unconverted(staged, column, best.candidate)
        texts = best.filled - best.converted
        yield OddText(column=column, texts=texts, values=best.filled, file=place["_file"], row=place["_row"])


def with_odd_text(verdict: Verdict, odd_texts: Sequence[OddText]) -> Verdict:
    """A verdict that is unknown because few texts made a column of numbers one of text says so, and where."""
    odd = next((text for text in odd_texts if text.column in verdict.rule.columns), None)
    if verdict.outcome is not Outcome.UNKNOWN or verdict.reason not in (GX_MISSING, GX_FAILED) or odd is None:
        return verdict
    reason = f"{odd.column} is text: {odd.texts} of {odd.values} values are no number, first in {odd.file}, record {odd.row}"
    return replace(verdict, reason=reason)
