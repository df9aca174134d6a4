"""Parts shared by sections: outcomes, dimensions and reasons in both languages."""

from lakeward.core.messages import catalogue
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
