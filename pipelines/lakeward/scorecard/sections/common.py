"""Parts shared by sections: outcomes, dimensions and reasons in both languages."""

from lakeward.core.messages import catalogue
from lakeward.scorecard.figures import FigureRow, Scorecard
from lakeward.scorecard.markup import Markup, bilingual, tag

OUTCOMES = {"PASS": ("pass", "card_pass"), "FAIL": ("fail", "card_fail"), "UNKNOWN": ("none", "card_outcome_unknown")}
# Names of GB/T 36344-2018, in the standard's order.
DIMENSIONS = {
    "normativity": "card_normativity",
    "completeness": "card_completeness",
    "accuracy": "card_accuracy",
    "consistency": "card_consistency",
    "timeliness": "card_timeliness",
    "accessibility": "card_accessibility",
}


def outcome(word: str) -> Markup:
    """A verdict as a badge: a word and a shape, not a colour alone."""
    class_, code = OUTCOMES[word]
    return tag("span", bilingual(code), class_=f"badge {class_}")


def reason(code: str) -> Markup:
    """Why something is unknown: the text if it needs no facts, else its code."""
    entry = catalogue().get(code)
    if not code:
        return tag("span")
    return bilingual(code) if entry and "{" not in entry["en"] else tag("code", code)


def scope_changes(card: Scorecard) -> tuple[FigureRow, ...]:
    """The gold tables whose stored scores are of two scopes of rules: scores before and after are not comparable."""
    reading = card.results.get("scope_changes")
    return reading.rows if reading else ()


def scope_note(day: str) -> Markup:
    """What a line in a trend means."""
    return tag("p", bilingual("card_scope_changed", day=day), class_="note")
