"""The public functions of Lakeward: one per command or task. Other packages import only this module, never the modules below it.

Flows combine the packages below, log, and record lineage. A name is imported at first use,
so that `lakeward --help` and the parsing of a DAG do not pay for DuckDB.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lakeward.flows.audit.access_entries import AccessEntry as AccessEntry
    from lakeward.flows.audit.access_entries import AccessFilter as AccessFilter
    from lakeward.flows.audit.access_entries import AccessSum as AccessSum
    from lakeward.flows.audit.access_entries import list_access as list_access
    from lakeward.flows.audit.access_entries import report_access as report_access
    from lakeward.flows.audit.decision_records import Decision as Decision
    from lakeward.flows.audit.decisions import list_decisions as list_decisions
    from lakeward.flows.audit.log_faults import LogVerification as LogVerification
    from lakeward.flows.audit.sealing import SealAnswer as SealAnswer
    from lakeward.flows.audit.sealing import seal_logs as seal_logs
    from lakeward.flows.audit.verification import verify_logs as verify_logs
    from lakeward.flows.authoring.adopt import AdoptedContract as AdoptedContract
    from lakeward.flows.authoring.adopt import AdoptionOptions as AdoptionOptions
    from lakeward.flows.authoring.adopt import adopt_contract as adopt_contract
    from lakeward.flows.authoring.confirm_key import confirm_key as confirm_key
    from lakeward.flows.authoring.confirm_key import key_proposals as key_proposals
    from lakeward.flows.authoring.contract_files import compare_contracts as compare_contracts
    from lakeward.flows.authoring.contract_files import lint_contracts as lint_contracts
    from lakeward.flows.authoring.demo import simulate_day as simulate_day
    from lakeward.flows.authoring.new import draft_dataset as draft_dataset
    from lakeward.flows.authoring.new import draft_from_files as draft_from_files
    from lakeward.flows.authoring.new_table import draft_from_address as draft_from_address
    from lakeward.flows.authoring.project import create_project as create_project
    from lakeward.flows.base.answers import FileProblem as FileProblem
    from lakeward.flows.base.answers import FlowAnswer as FlowAnswer
    from lakeward.flows.base.answers import Notice as Notice
    from lakeward.flows.base.column_keys import ColumnKeyRecord as ColumnKeyRecord
    from lakeward.flows.base.display_zone import display_zone as display_zone
    from lakeward.flows.base.identity import signer_name as signer_name
    from lakeward.flows.base.log_setup import set_up_log as set_up_log
    from lakeward.flows.base.order import dependency_order as dependency_order
    from lakeward.flows.base.report import RunReport as RunReport
    from lakeward.flows.base.run_lines import log_run as log_run
    from lakeward.flows.base.run_lines import run_lines as run_lines
    from lakeward.flows.base.run_lines import summary_line as summary_line
    from lakeward.flows.batch.backfill import Span as Span
    from lakeward.flows.batch.backfill import backfill_dataset as backfill_dataset
    from lakeward.flows.batch.curate import curate_dataset as curate_dataset
    from lakeward.flows.batch.follow import follow_dataset as follow_dataset
    from lakeward.flows.batch.ingest import ingest_dataset as ingest_dataset
    from lakeward.flows.batch.ingest import rebuild_silver as rebuild_silver
    from lakeward.flows.batch.run import has_waiting_gold as has_waiting_gold
    from lakeward.flows.batch.run import rebuild as rebuild
    from lakeward.flows.batch.run import run_all as run_all
    from lakeward.flows.batch.run import run_dataset as run_dataset
    from lakeward.flows.checking.check import check_data as check_data
    from lakeward.flows.checking.check import explain_check as explain_check
    from lakeward.flows.checking.steps import CheckStep as CheckStep
    from lakeward.flows.collecting.collect import collect as collect
    from lakeward.flows.collecting.collect import collected_datasets as collected_datasets
    from lakeward.flows.collecting.units import ServiceFiles as ServiceFiles
    from lakeward.flows.collecting.units import write_service_files as write_service_files
    from lakeward.flows.filing.catalogue import AuthorityAnswer as AuthorityAnswer
    from lakeward.flows.filing.catalogue import CatalogueEntry as CatalogueEntry
    from lakeward.flows.filing.catalogue import CatalogueReport as CatalogueReport
    from lakeward.flows.filing.catalogue import answer_filing as answer_filing
    from lakeward.flows.filing.catalogue import draft_catalogue as draft_catalogue
    from lakeward.flows.filing.catalogue import file_catalogue as file_catalogue
    from lakeward.flows.filing.catalogue import list_catalogue as list_catalogue
    from lakeward.flows.filing.changes import FilingTask as FilingTask
    from lakeward.flows.filing.export import ExportedFiling as ExportedFiling
    from lakeward.flows.filing.export import export_catalogue as export_catalogue
    from lakeward.flows.filing.record import Filing as Filing
    from lakeward.flows.grading.answers import GradedColumn as GradedColumn
    from lakeward.flows.grading.answers import GradeEffect as GradeEffect
    from lakeward.flows.grading.approvals import GradeApproval as GradeApproval
    from lakeward.flows.grading.approvals import approve_grade as approve_grade
    from lakeward.flows.grading.choices import GradeChoice as GradeChoice
    from lakeward.flows.grading.decide import decide_grade as decide_grade
    from lakeward.flows.grading.decide import preview_decision as preview_decision
    from lakeward.flows.grading.grade import grade_all as grade_all
    from lakeward.flows.grading.grade import grade_dataset as grade_dataset
    from lakeward.flows.grading.grade import list_grades as list_grades
    from lakeward.flows.grading.tables import GradedTable as GradedTable
    from lakeward.flows.grading.tables import RulesInForce as RulesInForce
    from lakeward.flows.grading.tables import list_table_grades as list_table_grades
    from lakeward.flows.grading.tables import rules_in_force as rules_in_force
    from lakeward.flows.grading.tasks import RegradingTask as RegradingTask
    from lakeward.flows.grading.tasks import list_tasks as list_tasks
    from lakeward.flows.grading.tasks import reopen_grading as reopen_grading
    from lakeward.flows.lineage.audit import audit_lineage as audit_lineage
    from lakeward.flows.lineage.findings import FindingKind as FindingKind
    from lakeward.flows.lineage.findings import LineageFinding as LineageFinding
    from lakeward.flows.lineage.impact import ImpactHop as ImpactHop
    from lakeward.flows.lineage.impact import ServedRole as ServedRole
    from lakeward.flows.lineage.impact import lineage_impact as lineage_impact
    from lakeward.flows.lineage.importing import LineageImport as LineageImport
    from lakeward.flows.lineage.importing import RefusedEvent as RefusedEvent
    from lakeward.flows.lineage.importing import import_lineage as import_lineage
    from lakeward.flows.lineage.importing import receive_lineage as receive_lineage
    from lakeward.flows.lineage.restoring import RestoredEvents as RestoredEvents
    from lakeward.flows.lineage.restoring import restore_events as restore_events
    from lakeward.flows.operations.accounts import IssuedToken as IssuedToken
    from lakeward.flows.operations.accounts import NewAccount as NewAccount
    from lakeward.flows.operations.accounts import RegisteredAccount as RegisteredAccount
    from lakeward.flows.operations.accounts import add_account as add_account
    from lakeward.flows.operations.accounts import list_accounts as list_accounts
    from lakeward.flows.operations.accounts import revoke_account as revoke_account
    from lakeward.flows.operations.accounts import rotate_token as rotate_token
    from lakeward.flows.operations.doctor import check_machine as check_machine
    from lakeward.flows.operations.explain import explain_row as explain_row
    from lakeward.flows.operations.gold_value import ValueOrigin as ValueOrigin
    from lakeward.flows.operations.gold_value import explain_value as explain_value
    from lakeward.flows.operations.inspect import list_runs as list_runs
    from lakeward.flows.operations.inspect import list_tables as list_tables
    from lakeward.flows.operations.inspect import list_verdicts as list_verdicts
    from lakeward.flows.operations.key_change import KeyAuthor as KeyAuthor
    from lakeward.flows.operations.key_change import approve_key_change as approve_key_change
    from lakeward.flows.operations.key_change import decide_token_scheme as decide_token_scheme
    from lakeward.flows.operations.keys import NewKeyFile as NewKeyFile
    from lakeward.flows.operations.keys import create_key_file as create_key_file
    from lakeward.flows.operations.keys import destroy_key as destroy_key
    from lakeward.flows.operations.keys import list_keys as list_keys
    from lakeward.flows.operations.keys import rewrap_keys as rewrap_keys
    from lakeward.flows.operations.keys import rotate_key as rotate_key
    from lakeward.flows.operations.live_demo import LiveFigures as LiveFigures
    from lakeward.flows.operations.live_demo import run_live_demo as run_live_demo
    from lakeward.flows.operations.maintain import maintain as maintain
    from lakeward.flows.operations.spark_setup import setup_spark as setup_spark
    from lakeward.flows.operations.spark_setup import spark_jars as spark_jars
    from lakeward.flows.operations.status import project_status as project_status
    from lakeward.flows.operations.status import read_project_status as read_project_status
    from lakeward.flows.operations.status import stray_files as stray_files
    from lakeward.flows.operations.trace import show_lineage as show_lineage
    from lakeward.flows.quarantine.events import Signature as Signature
    from lakeward.flows.quarantine.selection import Selection as Selection
    from lakeward.flows.quarantine.selection import parse_duration as parse_duration
    from lakeward.flows.quarantine.selection import parse_row_id as parse_row_id
    from lakeward.flows.scorecard.assess import assess_readiness as assess_readiness
    from lakeward.flows.scorecard.build import build_scorecard as build_scorecard
    from lakeward.flows.scorecard.build import open_figure as open_figure
    from lakeward.flows.scorecard.build import read_scorecard as read_scorecard
    from lakeward.flows.scorecard.build import scorecard_path as scorecard_path
    from lakeward.flows.scorecard.readiness import MaturityIndicator as MaturityIndicator
    from lakeward.flows.scorecard.readiness import MaturityItem as MaturityItem
    from lakeward.flows.scorecard.readiness import show_maturity as show_maturity
    from lakeward.flows.scorecard.summary import MaturityDomain as MaturityDomain
    from lakeward.flows.scorecard.summary import maturity_summary as maturity_summary
    from lakeward.flows.scoring.answers import DatasetScore as DatasetScore
    from lakeward.flows.scoring.answers import EstateScore as EstateScore
    from lakeward.flows.scoring.answers import RuleScore as RuleScore
    from lakeward.flows.scoring.answers import ScoreLevel as ScoreLevel
    from lakeward.flows.scoring.answers import ScoreReport as ScoreReport
    from lakeward.flows.scoring.answers import StoredScore as StoredScore
    from lakeward.flows.scoring.answers import UnmeasuredDimension as UnmeasuredDimension
    from lakeward.flows.scoring.compare import ScoreChange as ScoreChange
    from lakeward.flows.scoring.compare import ScoreDiff as ScoreDiff
    from lakeward.flows.scoring.compare import compare_scores as compare_scores
    from lakeward.flows.scoring.estate import store_estate_score as store_estate_score
    from lakeward.flows.scoring.rejudge import rejudge_batches as rejudge_batches
    from lakeward.flows.scoring.show import score_history as score_history
    from lakeward.flows.scoring.show import show_scores as show_scores
    from lakeward.flows.serving.access import current_account as current_account
    from lakeward.flows.serving.anonymity import Anonymity as Anonymity
    from lakeward.flows.serving.anonymity import AnonymityQuestion as AnonymityQuestion
    from lakeward.flows.serving.anonymity import measure_anonymity as measure_anonymity
    from lakeward.flows.serving.connection import Connection as Connection
    from lakeward.flows.serving.connection import connect as connect
    from lakeward.flows.serving.connection import open_connection as open_connection
    from lakeward.flows.serving.decryption import decrypt_values as decrypt_values
    from lakeward.flows.serving.explanation import MaskExplanation as MaskExplanation
    from lakeward.flows.serving.explanation import explain_policy as explain_policy
    from lakeward.flows.serving.policy import lint_policy as lint_policy
    from lakeward.flows.serving.policy import run_policy_tests as run_policy_tests
    from lakeward.flows.serving.policy_review import PolicyDifference as PolicyDifference
    from lakeward.flows.serving.policy_review import PolicyMatrixRow as PolicyMatrixRow
    from lakeward.flows.serving.policy_review import compare_policy_files as compare_policy_files
    from lakeward.flows.serving.policy_review import show_policy_matrix as show_policy_matrix
    from lakeward.flows.serving.purpose_record import PurposeRequest as PurposeRequest
    from lakeward.flows.serving.purposes import approve_purpose as approve_purpose
    from lakeward.flows.serving.purposes import list_purpose_requests as list_purpose_requests
    from lakeward.flows.serving.purposes import reject_purpose as reject_purpose
    from lakeward.flows.serving.purposes import request_purpose as request_purpose
    from lakeward.flows.serving.purposes import revoke_purpose as revoke_purpose
    from lakeward.flows.steward.expire import expire_rows as expire_rows
    from lakeward.flows.steward.figures import list_quarantine as list_quarantine
    from lakeward.flows.steward.figures import quarantine_figures as quarantine_figures
    from lakeward.flows.steward.repair import Repair as Repair
    from lakeward.flows.steward.repair import repair_rows as repair_rows
    from lakeward.flows.steward.repair_trial import RepairTrial as RepairTrial
    from lakeward.flows.steward.repair_trial import try_repair as try_repair
    from lakeward.flows.steward.replay import release_batch as release_batch
    from lakeward.flows.steward.replay import release_rows as release_rows
    from lakeward.flows.steward.replay import replay_rows as replay_rows
    from lakeward.flows.steward.show import QuarantinedRow as QuarantinedRow
    from lakeward.flows.steward.show import show_quarantine as show_quarantine
    from lakeward.flows.suggest.acceptance import Acceptance as Acceptance
    from lakeward.flows.suggest.acceptance import accept_rules as accept_rules
    from lakeward.flows.suggest.proposal import RuleProposal as RuleProposal
    from lakeward.flows.suggest.suggestions import SuggestionReport as SuggestionReport
    from lakeward.flows.suggest.suggestions import suggest_rules as suggest_rules
    from lakeward.quality.indicators import indicator_name as indicator_name
    from lakeward.quality.rule import Dimension as Dimension
    from lakeward.quality.rule import Outcome as Outcome
    from lakeward.serving.rows import Rows as Rows

# name -> the module that defines it, below `lakeward`: flows, and the values that flows take and return. A test compares this
# table with the imports above.
_DOOR = {
    "Acceptance": "flows.suggest.acceptance",
    "CheckStep": "flows.checking.steps",
    "GradeApproval": "flows.grading.approvals",
    "GradeChoice": "flows.grading.choices",
    "approve_grade": "flows.grading.approvals",
    "MaskExplanation": "flows.serving.explanation",
    "explain_policy": "flows.serving.explanation",
    "PolicyDifference": "flows.serving.policy_review",
    "PolicyMatrixRow": "flows.serving.policy_review",
    "compare_policy_files": "flows.serving.policy_review",
    "show_policy_matrix": "flows.serving.policy_review",
    "PurposeRequest": "flows.serving.purpose_record",
    "approve_purpose": "flows.serving.purposes",
    "list_purpose_requests": "flows.serving.purposes",
    "reject_purpose": "flows.serving.purposes",
    "request_purpose": "flows.serving.purposes",
    "revoke_purpose": "flows.serving.purposes",
    "Connection": "flows.serving.connection",
    "DatasetScore": "flows.scoring.answers",
    "Dimension": "quality.rule",
    "EstateScore": "flows.scoring.answers",
    "FileProblem": "flows.base.answers",
    "FlowAnswer": "flows.base.answers",
    "Notice": "flows.base.answers",
    "GradeEffect": "flows.grading.answers",
    "GradedColumn": "flows.grading.answers",
    "GradedTable": "flows.grading.tables",
    "RulesInForce": "flows.grading.tables",
    "RegradingTask": "flows.grading.tasks",
    "list_table_grades": "flows.grading.tables",
    "list_tasks": "flows.grading.tasks",
    "reopen_grading": "flows.grading.tasks",
    "rules_in_force": "flows.grading.tables",
    "MaturityDomain": "flows.scorecard.summary",
    "MaturityIndicator": "flows.scorecard.readiness",
    "MaturityItem": "flows.scorecard.readiness",
    "Outcome": "quality.rule",
    "RuleProposal": "flows.suggest.proposal",
    "QuarantinedRow": "flows.steward.show",
    "Repair": "flows.steward.repair",
    "Rows": "serving.rows",
    "RuleScore": "flows.scoring.answers",
    "RunReport": "flows.base.report",
    "ScoreChange": "flows.scoring.compare",
    "ScoreDiff": "flows.scoring.compare",
    "ScoreLevel": "flows.scoring.answers",
    "ScoreReport": "flows.scoring.answers",
    "Selection": "flows.quarantine.selection",
    "Signature": "flows.quarantine.events",
    "StoredScore": "flows.scoring.answers",
    "SuggestionReport": "flows.suggest.suggestions",
    "UnmeasuredDimension": "flows.scoring.answers",
    "IssuedToken": "flows.operations.accounts",
    "NewAccount": "flows.operations.accounts",
    "ColumnKeyRecord": "flows.base.column_keys",
    "KeyAuthor": "flows.operations.key_change",
    "NewKeyFile": "flows.operations.keys",
    "create_key_file": "flows.operations.keys",
    "decrypt_values": "flows.serving.decryption",
    "approve_key_change": "flows.operations.key_change",
    "decide_token_scheme": "flows.operations.key_change",
    "destroy_key": "flows.operations.keys",
    "list_keys": "flows.operations.keys",
    "rewrap_keys": "flows.operations.keys",
    "rotate_key": "flows.operations.keys",
    "Anonymity": "flows.serving.anonymity",
    "AnonymityQuestion": "flows.serving.anonymity",
    "measure_anonymity": "flows.serving.anonymity",
    "RegisteredAccount": "flows.operations.accounts",
    "add_account": "flows.operations.accounts",
    "list_accounts": "flows.operations.accounts",
    "revoke_account": "flows.operations.accounts",
    "rotate_token": "flows.operations.accounts",
    "audit_lineage": "flows.lineage.audit",
    "FindingKind": "flows.lineage.findings",
    "LineageFinding": "flows.lineage.findings",
    "ImpactHop": "flows.lineage.impact",
    "ServedRole": "flows.lineage.impact",
    "lineage_impact": "flows.lineage.impact",
    "LineageImport": "flows.lineage.importing",
    "RefusedEvent": "flows.lineage.importing",
    "import_lineage": "flows.lineage.importing",
    "receive_lineage": "flows.lineage.importing",
    "RestoredEvents": "flows.lineage.restoring",
    "restore_events": "flows.lineage.restoring",
    "AuthorityAnswer": "flows.filing.catalogue",
    "CatalogueEntry": "flows.filing.catalogue",
    "CatalogueReport": "flows.filing.catalogue",
    "answer_filing": "flows.filing.catalogue",
    "draft_catalogue": "flows.filing.catalogue",
    "file_catalogue": "flows.filing.catalogue",
    "list_catalogue": "flows.filing.catalogue",
    "FilingTask": "flows.filing.changes",
    "ExportedFiling": "flows.filing.export",
    "export_catalogue": "flows.filing.export",
    "Filing": "flows.filing.record",
    "accept_rules": "flows.suggest.acceptance",
    "current_account": "flows.serving.access",
    "parse_duration": "flows.quarantine.selection",
    "assess_readiness": "flows.scorecard.assess",
    "build_scorecard": "flows.scorecard.build",
    "check_data": "flows.checking.check",
    "check_machine": "flows.operations.doctor",
    "compare_contracts": "flows.authoring.contract_files",
    "confirm_key": "flows.authoring.confirm_key",
    "collect": "flows.collecting.collect",
    "collected_datasets": "flows.collecting.collect",
    "LiveFigures": "flows.operations.live_demo",
    "run_live_demo": "flows.operations.live_demo",
    "ServiceFiles": "flows.collecting.units",
    "write_service_files": "flows.collecting.units",
    "connect": "flows.serving.connection",
    "create_project": "flows.authoring.project",
    "curate_dataset": "flows.batch.curate",
    "decide_grade": "flows.grading.decide",
    "draft_dataset": "flows.authoring.new",
    "draft_from_files": "flows.authoring.new",
    "draft_from_address": "flows.authoring.new_table",
    "expire_rows": "flows.steward.expire",
    "explain_check": "flows.checking.check",
    "explain_row": "flows.operations.explain",
    "ValueOrigin": "flows.operations.gold_value",
    "explain_value": "flows.operations.gold_value",
    "grade_all": "flows.grading.grade",
    "grade_dataset": "flows.grading.grade",
    "dependency_order": "flows.base.order",
    "indicator_name": "quality.indicators",
    "set_up_log": "flows.base.log_setup",
    "Span": "flows.batch.backfill",
    "backfill_dataset": "flows.batch.backfill",
    "follow_dataset": "flows.batch.follow",
    "ingest_dataset": "flows.batch.ingest",
    "store_estate_score": "flows.scoring.estate",
    "key_proposals": "flows.authoring.confirm_key",
    "AccessEntry": "flows.audit.access_entries",
    "AccessFilter": "flows.audit.access_entries",
    "AccessSum": "flows.audit.access_entries",
    "list_access": "flows.audit.access_entries",
    "report_access": "flows.audit.access_entries",
    "Decision": "flows.audit.decision_records",
    "list_decisions": "flows.audit.decisions",
    "LogVerification": "flows.audit.log_faults",
    "SealAnswer": "flows.audit.sealing",
    "seal_logs": "flows.audit.sealing",
    "verify_logs": "flows.audit.verification",
    "AdoptedContract": "flows.authoring.adopt",
    "AdoptionOptions": "flows.authoring.adopt",
    "adopt_contract": "flows.authoring.adopt",
    "lint_contracts": "flows.authoring.contract_files",
    "lint_policy": "flows.serving.policy",
    "list_grades": "flows.grading.grade",
    "list_runs": "flows.operations.inspect",
    "list_tables": "flows.operations.inspect",
    "list_verdicts": "flows.operations.inspect",
    "maintain": "flows.operations.maintain",
    "show_maturity": "flows.scorecard.readiness",
    "maturity_summary": "flows.scorecard.summary",
    "open_connection": "flows.serving.connection",
    "open_figure": "flows.scorecard.build",
    "parse_row_id": "flows.quarantine.selection",
    "preview_decision": "flows.grading.decide",
    "project_status": "flows.operations.status",
    "read_project_status": "flows.operations.status",
    "stray_files": "flows.operations.status",
    "quarantine_figures": "flows.steward.figures",
    "show_quarantine": "flows.steward.show",
    "list_quarantine": "flows.steward.figures",
    "read_scorecard": "flows.scorecard.build",
    "rebuild": "flows.batch.run",
    "rebuild_silver": "flows.batch.ingest",
    "rejudge_batches": "flows.scoring.rejudge",
    "release_batch": "flows.steward.replay",
    "release_rows": "flows.steward.replay",
    "repair_rows": "flows.steward.repair",
    "RepairTrial": "flows.steward.repair_trial",
    "try_repair": "flows.steward.repair_trial",
    "replay_rows": "flows.steward.replay",
    "has_waiting_gold": "flows.batch.run",
    "run_all": "flows.batch.run",
    "log_run": "flows.base.run_lines",
    "run_lines": "flows.base.run_lines",
    "summary_line": "flows.base.run_lines",
    "run_dataset": "flows.batch.run",
    "compare_scores": "flows.scoring.compare",
    "score_history": "flows.scoring.show",
    "scorecard_path": "flows.scorecard.build",
    "setup_spark": "flows.operations.spark_setup",
    "show_lineage": "flows.operations.trace",
    "show_scores": "flows.scoring.show",
    "display_zone": "flows.base.display_zone",
    "signer_name": "flows.base.identity",
    "simulate_day": "flows.authoring.demo",
    "suggest_rules": "flows.suggest.suggestions",
    "spark_jars": "flows.operations.spark_setup",
    "run_policy_tests": "flows.serving.policy",
}


def __getattr__(name: str) -> Any:
    if name not in _DOOR:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"lakeward.{_DOOR[name]}"), name)


def __dir__() -> list[str]:
    return sorted(_DOOR)
