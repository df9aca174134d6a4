"""The flows: one public function per command or task. They wire, log and tell lineage; the rooms below know nothing of each other."""

from lakeward.flows.assess import assess
from lakeward.flows.check import compare_contracts, lint_contracts
from lakeward.flows.checking import check as check_data
from lakeward.flows.checking import explain_check
from lakeward.flows.curate import curate_dataset
from lakeward.flows.decide import decide_grade
from lakeward.flows.demo import simulate_day
from lakeward.flows.doctor import check_machine
from lakeward.flows.explain import explain_row
from lakeward.flows.grade import grade_all, grade_dataset, list_grades
from lakeward.flows.ingest import ingest_dataset, rebuild_dataset
from lakeward.flows.inspect import list_runs, list_tables, list_verdicts
from lakeward.flows.maintain import maintain
from lakeward.flows.maturity import maturity_show
from lakeward.flows.new import draft_dataset
from lakeward.flows.project import create_project
from lakeward.flows.quarantine.expire import expire_rows
from lakeward.flows.quarantine.figures import quarantine_figures, quarantined
from lakeward.flows.quarantine.repair import repair_rows
from lakeward.flows.quarantine.replay import release_batch, release_rows, replay_rows
from lakeward.flows.quarantine.show import quarantine_rows
from lakeward.flows.report import RunReport
from lakeward.flows.run import rebuild, run_all, run_dataset
from lakeward.flows.scorecard import build_scorecard, open_figure, read_scorecard, scorecard_page
from lakeward.flows.status import project_status
from lakeward.flows.trace import show_lineage

__all__ = [
    "RunReport",
    "assess",
    "build_scorecard",
    "check_data",
    "check_machine",
    "compare_contracts",
    "create_project",
    "curate_dataset",
    "decide_grade",
    "draft_dataset",
    "expire_rows",
    "explain_check",
    "explain_row",
    "grade_all",
    "grade_dataset",
    "ingest_dataset",
    "lint_contracts",
    "list_grades",
    "list_runs",
    "list_tables",
    "list_verdicts",
    "maintain",
    "maturity_show",
    "open_figure",
    "project_status",
    "quarantine_figures",
    "quarantine_rows",
    "quarantined",
    "read_scorecard",
    "rebuild",
    "rebuild_dataset",
    "release_batch",
    "release_rows",
    "repair_rows",
    "replay_rows",
    "run_all",
    "run_dataset",
    "scorecard_page",
    "show_lineage",
    "simulate_day",
]
