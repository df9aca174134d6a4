"""The flows: one public function per command or task. They wire, log and tell lineage; the rooms below know nothing of each other."""

from lakeward.flows.check import compare_contracts, lint_contracts
from lakeward.flows.curate import curate_dataset
from lakeward.flows.demo import simulate_day
from lakeward.flows.doctor import check_machine
from lakeward.flows.explain import explain_row
from lakeward.flows.ingest import ingest_dataset, rebuild_dataset
from lakeward.flows.inspect import list_runs, list_tables, list_verdicts, quarantine_rows, quarantined
from lakeward.flows.new import draft_dataset
from lakeward.flows.project import create_project
from lakeward.flows.report import RunReport
from lakeward.flows.run import rebuild, run_all, run_dataset
from lakeward.flows.status import project_status
from lakeward.flows.trace import show_lineage

__all__ = [
    "RunReport",
    "check_machine",
    "compare_contracts",
    "create_project",
    "curate_dataset",
    "draft_dataset",
    "explain_row",
    "ingest_dataset",
    "lint_contracts",
    "list_runs",
    "list_tables",
    "list_verdicts",
    "project_status",
    "quarantine_rows",
    "quarantined",
    "rebuild",
    "rebuild_dataset",
    "run_all",
    "run_dataset",
    "show_lineage",
    "simulate_day",
]
