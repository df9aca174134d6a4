"""The page of the rules over the access log: the shipped thresholds, and the keys of a project's own."""

from generate.markdown import code, keys, page, table
from lakeward.protection.access_rules import CATALOGUE, KEYS, PARAMETERS, RULES_FILE, read_access_rules

INTRODUCTION = """\
`lakeward access watch` finds misuse and unusual traffic in the access log by these rules. How to work with findings is in
[Watch the access log](../how-to/watch-the-access-log.md)."""
OWN = f"{code(RULES_FILE)} lays a project's own thresholds over the shipped ones."


def access_rules() -> str:
    """The page, in Markdown."""
    shipped = read_access_rules(None)
    begin, end = (f"{each:%H:%M}" for each in shipped.hours)
    rows = [
        (
            code(rule.kind),
            rule.titles["en"],
            ", ".join(f"{code(name)} {value}" for name, value in rule.parameters.items()),
            str(rule.due_days),
        )
        for rule in shipped.rules
    ]
    return page(
        "Access rules",
        f"`expectations/catalogues/{CATALOGUE}`",
        INTRODUCTION,
        "## Rules",
        f"Hours of work: {begin} to {end} by the plant's clock.",
        table(("rule", "finds", "parameters", "days to answer"), rows),
        "## Parameters",
        table(("parameter", "meaning"), [(code(name), meaning) for name, meaning in PARAMETERS.items()]),
        "## A project's own",
        OWN,
        keys(KEYS),
    )
