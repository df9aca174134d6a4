"""The quality of a reading that its source tells by a word in the reading's place, as codes of OPC UA (Part 4, §7.39)."""

from lakeward.core.sql import literal

GOOD, UNCERTAIN, BAD = 0, 0x40000000, 0x80000000
# Words of historians for a value that may be right; every other text that is no value is bad.
UNCERTAIN_WORDS = ("uncertain", "questionable", "stale")


def quality_code(text: str, value: str, empty: tuple[str, ...]) -> str:
    """SQL of the code: good where there is a value, else bad or uncertain; NULL where the source has nothing.

    Args:
        text: SQL of what the source has in the reading's place.
        value: SQL of that without the texts that mean that there is no value.
        empty: Texts that mean nothing at all, in the whole file.
    """
    nothing = f"{text} IS NULL OR trim({text}) IN ({', '.join(map(literal, ('', *empty)))})"
    doubtful = f"lower(trim({text})) IN ({', '.join(map(literal, UNCERTAIN_WORDS))})"
    return f"CASE WHEN {nothing} THEN NULL WHEN {value} IS NOT NULL THEN {GOOD} WHEN {doubtful} THEN {UNCERTAIN} ELSE {BAD} END"
