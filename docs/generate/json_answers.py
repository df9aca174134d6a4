"""The page of JSON answers: per command the keys that a program may read, from the classes that flows answer with."""

import functools
from collections.abc import Mapping

from generate.answer_keys import keys_of, purpose
from generate.answer_samples import answers_of
from generate.governance import meanings
from generate.markdown import code, page, table
from lakeward import flows

INTRODUCTION = """\
With `--json` a command prints its answer for a program: a list of objects, or one object. Keys only ever gain new ones. Instants are
ISO 8601 with an offset, tables are `layer.name`, and a key is null where nothing is known; that is never zero. In Python the same answers are
frozen classes with typed fields, and `as_dict()` is what stands here ([Public flows](../api/flows.md)). How a command ends is in
[Exit codes](exit-codes.md)."""
LIST, OBJECT = "A list; each object:", "One object:"
# Command -> the flow that answers, and whether the answer is one object or a list of them.
ANSWERS: Mapping[str, tuple[str, str]] = {
    "run [NAME]": ("run_all", LIST),
    "rebuild NAME": ("rebuild", LIST),
    "status": ("project_status", LIST),
    "tables": ("list_tables", LIST),
    "verdicts NAME": ("list_verdicts", LIST),
    "explain TABLE WHERE": ("explain_row", LIST),
    "lineage show TABLE[.COLUMN]": ("show_lineage", LIST),
    "quarantine list": ("list_quarantine", LIST),
    "quarantine figures": ("quarantine_figures", LIST),
    "quarantine show NAME": ("show_quarantine", LIST),
    "quarantine replay NAME": ("replay_rows", LIST),
    "quarantine release NAME": ("release_rows", LIST),
    "grade list [NAME]": ("list_grades", LIST),
    "grade run [NAME]": ("grade_all", LIST),
    "score [NAME]": ("show_scores", OBJECT),
    "score NAME --rescore": ("rejudge_batches", OBJECT),
    "score NAME --diff": ("compare_scores", OBJECT),
    "score [NAME] --history": ("score_history", LIST),
    "suggest NAME": ("suggest_rules", OBJECT),
    "check DATA --suite SUITE --explain": ("explain_check", LIST),
    "contract lint [NAME]": ("lint_contracts", LIST),
    "contract diff OLD NEW": ("compare_contracts", LIST),
    "policy lint": ("lint_policy", LIST),
    "policy test": ("run_policy_tests", LIST),
    "assess": ("assess_readiness", OBJECT),
    "maturity show [ITEM]": ("show_maturity", LIST),
    "scorecard build": ("read_scorecard", OBJECT),
    "scorecard open FIGURE": ("open_figure", OBJECT),
    "maintain [NAME…]": ("maintain", LIST),
    "doctor": ("check_machine", LIST),
}
RUN = """\
`rows_in = bronze + rejects` and `bronze = silver + quarantine + duplicates`, each counted on its own. A dataset that could not run is named on
the error stream; the others run all the same.

```json
[{"dataset": "press_line", "run_id": "…", "batches": 1, "rows_in": 1000, "bronze": 998, "rejects": 2,
  "silver": 990, "quarantine": 5, "duplicates": 3, "score": 99.2, "halted": null}]
```"""
# Governance tables that hold what an answer shows: what is said of a column there is said of a key.
STORED = ("runs", "verdicts", "scores", "quarantine_events", "grade_proposals")
# What the keys alone do not say.
NOTES: Mapping[str, str] = {
    "run [NAME]": RUN,
    "quarantine list": "Of a table of rejects, `rule` is the code of the reason. `rows` counts every failure, the other numbers the rows that wait; ages are days.",
    "quarantine figures": "`dataset` is `*` for all. A rate is null where there is nothing to take a share of.",
    "quarantine show NAME": "`values` is there with `--values --role ROLE` alone, `history` with `--row ID` alone.",
    "explain TABLE WHERE": "`reasons` is there for a row in quarantine, `life` for one that ever was.",
    "score [NAME]": "`levels` is there with `--open` alone; so it is with `--diff`.",
    "scorecard build": "`file` is the page beside these keys.",
}
OTHERS = """\
## Other answers

| command | answer |
|---|---|
| `lakeward check DATA --suite SUITE` | the JSON of Great Expectations' `ExpectationSuiteValidationResult`; what Lakeward says is in each result's `meta.lakeward` |
| `lakeward demo` | `dags`, `datasets` (as `run`), `changed` |
| `lakeward score --keep` | `kept`: whether a score was stored |
| `lakeward suggest NAME --accept ID,…` | `dataset`, `accepted`: ids of the rules that were written |"""


def json_answers() -> str:
    """The page, in Markdown."""
    parts = [part for command, (flow, form) in ANSWERS.items() for part in _answer(command, flow, form)]
    return page("JSON answers", "the classes that `lakeward.flows` answers with", INTRODUCTION, *parts, OTHERS)


def _answer(command: str, flow: str, form: str) -> list[str]:
    kind = answers_of(getattr(flows, flow))[0]
    note = [NOTES[command]] if command in NOTES else []
    return [
        f"## {code('lakeward ' + command)}",
        purpose(kind),
        *note,
        form,
        table(("key", "value", "meaning"), keys_of(kind, _stored())),
    ]


@functools.cache
def _stored() -> Mapping[str, str]:
    return {name: text for table_name in reversed(STORED) for name, text in meanings(table_name).items()}
