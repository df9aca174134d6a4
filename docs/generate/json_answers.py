"""The page of JSON answers: per command the keys that a program may read, from the classes that flows answer with."""

from collections.abc import Mapping

from generate.answer_keys import keys_of, purpose
from generate.answer_samples import answers_of
from generate.markdown import code, page, table
from lakeward import flows

INTRODUCTION = """\
With `--json` a command prints its answer for a program: a list of objects, or one object. New versions add keys and never remove one.
Times are ISO 8601 with an offset, tables are `layer.name`, and an unknown value is null, never zero. In Python the same answers are
frozen classes with typed fields, and `as_dict()` returns the JSON ([Public flows](../api/flows.md)). Exit codes are in
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
    "explain TABLE WHERE --value COLUMN": ("explain_value", OBJECT),
    "lineage impact TABLE[.COLUMN]": ("lineage_impact", LIST),
    "lineage audit": ("audit_lineage", LIST),
    "lineage import FILE…": ("import_lineage", OBJECT),
    "lineage restore": ("restore_events", LIST),
    "catalogue list": ("list_catalogue", OBJECT),
    "catalogue draft": ("draft_catalogue", OBJECT),
    "catalogue file [NAME…]": ("file_catalogue", OBJECT),
    "catalogue answer NUMBER": ("answer_filing", OBJECT),
    "catalogue export FILE": ("export_catalogue", OBJECT),
    "quarantine list": ("list_quarantine", LIST),
    "quarantine figures": ("quarantine_figures", LIST),
    "quarantine show NAME": ("show_quarantine", LIST),
    "quarantine repair NAME --dry-run": ("try_repair", OBJECT),
    "quarantine replay NAME": ("replay_rows", LIST),
    "quarantine release NAME": ("release_rows", LIST),
    "grade list [NAME]": ("list_grades", LIST),
    "grade run [NAME]": ("grade_all", LIST),
    "grade tables": ("list_table_grades", LIST),
    "grade tasks [NAME]": ("list_tasks", LIST),
    "grade rules": ("rules_in_force", OBJECT),
    "score [NAME]": ("show_scores", OBJECT),
    "score NAME --rescore": ("rejudge_batches", OBJECT),
    "score NAME --diff": ("compare_scores", OBJECT),
    "score [NAME] --history": ("score_history", LIST),
    "suggest NAME": ("suggest_rules", OBJECT),
    "check DATA --suite SUITE --explain": ("explain_check", LIST),
    "contract lint [NAME]": ("lint_contracts", LIST),
    "contract diff OLD NEW": ("compare_contracts", LIST),
    "contract confirm-key NAME": ("confirm_key", OBJECT),
    "contract rename NAME NEW_NAME": ("rename_dataset", OBJECT),
    "contract retire NAME": ("retire_dataset", OBJECT),
    "account add NAME": ("add_account", OBJECT),
    "account list": ("list_accounts", LIST),
    "account rotate NAME": ("rotate_token", OBJECT),
    "account password NAME": ("set_password", OBJECT),
    "history [NAME]": ("list_decisions", LIST),
    "access list": ("list_access", LIST),
    "access logins": ("list_logins", LIST),
    "access report": ("report_access", LIST),
    "access exports": ("list_exports", LIST),
    "access watch": ("watch_access", LIST),
    "access findings": ("list_findings", LIST),
    "access close FINDING": ("close_finding", OBJECT),
    "access seal": ("seal_logs", LIST),
    "access verify": ("verify_logs", OBJECT),
    "purpose request PURPOSE": ("request_purpose", OBJECT),
    "purpose approve NUMBER": ("approve_purpose", OBJECT),
    "purpose reject NUMBER": ("reject_purpose", OBJECT),
    "purpose revoke NUMBER": ("revoke_purpose", OBJECT),
    "purpose list": ("list_purpose_requests", LIST),
    "anonymity TABLE": ("measure_anonymity", OBJECT),
    "cube release NAME": ("release_cube", OBJECT),
    "cube list": ("list_cubes", LIST),
    "export TABLE TARGET": ("export_table", OBJECT),
    "trace FILE": ("trace_copy", OBJECT),
    "key new FILE": ("create_key_file", OBJECT),
    "key list": ("list_keys", LIST),
    "policy lint": ("lint_policy", LIST),
    "policy test": ("run_policy_tests", LIST),
    "policy test --matrix": ("show_policy_matrix", LIST),
    "policy explain COLUMN": ("explain_policy", OBJECT),
    "policy diff OLD [NEW]": ("compare_policy_files", LIST),
    "assess": ("assess_readiness", OBJECT),
    "maturity show [ITEM]": ("show_maturity", LIST),
    "maturity gaps [ITEM]": ("maturity_gaps", LIST),
    "maturity trend": ("maturity_trend", LIST),
    "maturity export FILE": ("export_maturity", OBJECT),
    "maturity import FILE": ("import_answers", OBJECT),
    "asset list": ("list_rights", LIST),
    "asset concepts": ("list_concepts", LIST),
    "asset disclose [NAME]": ("disclose_assets", LIST),
    "asset decide CONCEPT": ("decide_concept", OBJECT),
    "asset rights NAME": ("declare_rights", OBJECT),
    "scorecard build": ("read_scorecard", OBJECT),
    "scorecard open FIGURE": ("open_figure", OBJECT),
    "risk assess": ("assess_risks", OBJECT),
    "risk treat FINDING": ("treat_risk", OBJECT),
    "risk final": ("finish_risk_assessment", OBJECT),
    "risk report FILE": ("write_risk_report", OBJECT),
    "subscribe NAME": ("subscribe", OBJECT),
    "notice list [NAME]": ("list_subscriptions", LIST),
    "notice send": ("send_notices", OBJECT),
    "notice end NUMBER": ("end_subscription", OBJECT),
    "incident open TITLE": ("open_incident", OBJECT),
    "incident list": ("list_incidents", LIST),
    "incident scope NUMBER": ("scope_incident", OBJECT),
    "incident report NUMBER FILE": ("write_incident_report", OBJECT),
    "incident drill SCENARIO": ("run_drill", OBJECT),
    "cost [NAME]": ("dataset_costs", LIST),
    "maintain [NAME…]": ("maintain", LIST),
    "backup create PLACE": ("back_up", OBJECT),
    "backup list PLACE": ("list_backups", LIST),
    "backup verify PLACE": ("verify_backups", OBJECT),
    "backup prune PLACE": ("prune_backups", OBJECT),
    "restore PLACE": ("restore", OBJECT),
    "migrate": ("migrate", OBJECT),
    "doctor": ("check_machine", LIST),
}
RUN = """\
`rows_in = bronze + rejects` and `bronze = silver + quarantine + duplicates`, each counted on its own; `corrections` are among
`silver`. A dataset that could not run is named on the error stream; the other datasets still run.

```json
[{"dataset": "press_line", "run_id": "…", "batches": 1, "rows_in": 1000, "bronze": 998, "rejects": 2,
  "silver": 990, "quarantine": 5, "duplicates": 3, "corrections": 0, "score": 99.2, "halted": null}]
```"""
# What the keys alone do not say.
NOTES: Mapping[str, str] = {
    "run [NAME]": RUN,
    "quarantine list": "`rows` counts every failure, the other numbers count open rows.",
    "quarantine figures": "The last object is the total over all datasets.",
    "quarantine show NAME": "`values` exists only with `--values --role ROLE`, `history` only with `--row ID`.",
    "explain TABLE WHERE": "`reasons` exists only for a row in quarantine, `life` only for a row that was ever quarantined.",
    "score [NAME]": "`levels` exists only with `--open`, here and with `--diff`.",
    "scorecard build": "The command adds `file`: the path of the page.",
}
OTHERS = """\
## Other answers

| command | answer |
|---|---|
| `lakeward check DATA --suite SUITE` | the JSON of Great Expectations' `ExpectationSuiteValidationResult`; what Lakeward says is in each result's `meta.lakeward` |
| `lakeward airflow config` | `variable`, `value` (empty where only you can give it), `why`; with `--check` of each check `check`, `ok`, `needed`, `found`, `repair` |
| `lakeward demo` | `dags`, `datasets` (as `run`), `changed`; with `--people` also `people`: `accounts`, `grades`, `concepts`, `datasets`, `reads`, and `measured` items by edition |
| `lakeward airflow pools` | `made`, `removed`: names of pools |
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
        table(("key", "value", "meaning"), keys_of(kind)),
    ]
