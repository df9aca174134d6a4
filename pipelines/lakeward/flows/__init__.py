"""The public functions of Lakeward: one per command or task. Other packages import only this module, never the modules below it.

Flows combine the packages below, log, and record lineage. A name is imported at first use,
so that `lakeward --help` and the parsing of a DAG do not pay for DuckDB.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lakeward.flows.assets.costs import DatasetCost as DatasetCost
    from lakeward.flows.assets.costs import dataset_costs as dataset_costs
    from lakeward.flows.audit.access_entries import AccessEntry as AccessEntry
    from lakeward.flows.audit.access_entries import AccessFilter as AccessFilter
    from lakeward.flows.audit.access_entries import AccessSum as AccessSum
    from lakeward.flows.audit.access_entries import list_access as list_access
    from lakeward.flows.audit.access_entries import report_access as report_access
    from lakeward.flows.audit.access_findings import AccessFinding as AccessFinding
    from lakeward.flows.audit.access_findings import FindingState as FindingState
    from lakeward.flows.audit.access_watch import close_finding as close_finding
    from lakeward.flows.audit.access_watch import list_findings as list_findings
    from lakeward.flows.audit.access_watch import watch_access as watch_access
    from lakeward.flows.audit.decision_records import Decision as Decision
    from lakeward.flows.audit.decisions import list_decisions as list_decisions
    from lakeward.flows.audit.log_faults import LogVerification as LogVerification
    from lakeward.flows.audit.login_entries import LoginRecord as LoginRecord
    from lakeward.flows.audit.login_entries import list_logins as list_logins
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
    from lakeward.flows.authoring.important_demo import make_important_demo as make_important_demo
    from lakeward.flows.authoring.new import DraftedDataset as DraftedDataset
    from lakeward.flows.authoring.new import draft_dataset as draft_dataset
    from lakeward.flows.authoring.new import draft_from_files as draft_from_files
    from lakeward.flows.authoring.new_address import draft_from_address as draft_from_address
    from lakeward.flows.authoring.project import create_project as create_project
    from lakeward.flows.authoring.retire import Retirement as Retirement
    from lakeward.flows.authoring.retire import retire_dataset as retire_dataset
    from lakeward.flows.base.answers import FileProblem as FileProblem
    from lakeward.flows.base.answers import FlowAnswer as FlowAnswer
    from lakeward.flows.base.answers import Notice as Notice
    from lakeward.flows.base.column_keys import ColumnKeyRecord as ColumnKeyRecord
    from lakeward.flows.base.display_zone import display_zone as display_zone
    from lakeward.flows.base.identity import signer_name as signer_name
    from lakeward.flows.base.log_setup import set_up_log as set_up_log
    from lakeward.flows.base.order import active_contract as active_contract
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
    from lakeward.flows.grading.answers import grade_mark as grade_mark
    from lakeward.flows.grading.approvals import GradeApproval as GradeApproval
    from lakeward.flows.grading.approvals import approve_grade as approve_grade
    from lakeward.flows.grading.bulk import BulkDecision as BulkDecision
    from lakeward.flows.grading.bulk import BulkPreview as BulkPreview
    from lakeward.flows.grading.bulk import ConfirmationPreview as ConfirmationPreview
    from lakeward.flows.grading.bulk import RefusedDecision as RefusedDecision
    from lakeward.flows.grading.bulk import decide_grades as decide_grades
    from lakeward.flows.grading.bulk import preview_confirmations as preview_confirmations
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
    from lakeward.flows.incidents.handling import IncidentDraft as IncidentDraft
    from lakeward.flows.incidents.handling import close_incident as close_incident
    from lakeward.flows.incidents.handling import list_incidents as list_incidents
    from lakeward.flows.incidents.handling import open_incident as open_incident
    from lakeward.flows.incidents.handling import scope_incident as scope_incident
    from lakeward.flows.incidents.handling import state_incident_facts as state_incident_facts
    from lakeward.flows.incidents.record import Incident as Incident
    from lakeward.flows.incidents.report import IncidentReport as IncidentReport
    from lakeward.flows.incidents.report import write_incident_report as write_incident_report
    from lakeward.flows.incidents.scope import IncidentScope as IncidentScope
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
    from lakeward.flows.operations.copy_trace import CopyTrace as CopyTrace
    from lakeward.flows.operations.demo_accounts import DemoLogin as DemoLogin
    from lakeward.flows.operations.demo_accounts import make_demo_accounts as make_demo_accounts
    from lakeward.flows.operations.doctor import check_machine as check_machine
    from lakeward.flows.operations.explain import RowOrigin as RowOrigin
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
    from lakeward.flows.operations.passwords import PasswordSet as PasswordSet
    from lakeward.flows.operations.passwords import set_password as set_password
    from lakeward.flows.operations.source_answers import SourceStatus as SourceStatus
    from lakeward.flows.operations.spark_setup import setup_spark as setup_spark
    from lakeward.flows.operations.spark_setup import spark_jars as spark_jars
    from lakeward.flows.operations.status import project_status as project_status
    from lakeward.flows.operations.status import read_project_status as read_project_status
    from lakeward.flows.operations.status import stray_files as stray_files
    from lakeward.flows.operations.trace import show_lineage as show_lineage
    from lakeward.flows.operations.trace_copy import trace_copy as trace_copy
    from lakeward.flows.portal.logins import PortalUser as PortalUser
    from lakeward.flows.portal.portal import Portal as Portal
    from lakeward.flows.portal.portal import find_figure as find_figure
    from lakeward.flows.portal.portal import open_portal as open_portal
    from lakeward.flows.portal.reading import ModelReading as ModelReading
    from lakeward.flows.portal.token_holders import TokenHolder as TokenHolder
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
    from lakeward.flows.server.remote import RemoteConnection as RemoteConnection
    from lakeward.flows.server.remote import connect_remotely as connect_remotely
    from lakeward.flows.server.serve import ServerAddress as ServerAddress
    from lakeward.flows.server.serve import serve as serve
    from lakeward.flows.serving.access import current_account as current_account
    from lakeward.flows.serving.anonymity import Anonymity as Anonymity
    from lakeward.flows.serving.anonymity import AnonymityQuestion as AnonymityQuestion
    from lakeward.flows.serving.anonymity import measure_anonymity as measure_anonymity
    from lakeward.flows.serving.connection import Connection as Connection
    from lakeward.flows.serving.connection import connect as connect
    from lakeward.flows.serving.connection import open_connection as open_connection
    from lakeward.flows.serving.cube import CubeRelease as CubeRelease
    from lakeward.flows.serving.cube import list_cubes as list_cubes
    from lakeward.flows.serving.cube import release_cube as release_cube
    from lakeward.flows.serving.decryption import decrypt_values as decrypt_values
    from lakeward.flows.serving.explanation import MaskExplanation as MaskExplanation
    from lakeward.flows.serving.explanation import explain_policy as explain_policy
    from lakeward.flows.serving.export import ExportRequest as ExportRequest
    from lakeward.flows.serving.export import export_table as export_table
    from lakeward.flows.serving.export_record import Export as Export
    from lakeward.flows.serving.export_record import list_exports as list_exports
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
    from lakeward.scorecard.figures import FigureRow as FigureRow
    from lakeward.scorecard.figures import figure_id as figure_id
    from lakeward.serving.copies import CopyForm as CopyForm
    from lakeward.serving.rows import Rows as Rows

# name -> the module that defines it, below `lakeward`: flows, and the values that flows take and return. A test compares this
# table with the imports above.
_NAMES = {
    "flows.assets.costs": "DatasetCost dataset_costs",
    "flows.audit.access_entries": "AccessEntry AccessFilter AccessSum list_access report_access",
    "flows.audit.access_findings": "AccessFinding FindingState",
    "flows.audit.access_watch": "close_finding list_findings watch_access",
    "flows.audit.decision_records": "Decision",
    "flows.audit.decisions": "list_decisions",
    "flows.audit.log_faults": "LogVerification",
    "flows.audit.login_entries": "LoginRecord list_logins",
    "flows.audit.sealing": "SealAnswer seal_logs",
    "flows.audit.verification": "verify_logs",
    "flows.authoring.adopt": "AdoptedContract AdoptionOptions adopt_contract",
    "flows.authoring.confirm_key": "confirm_key key_proposals",
    "flows.authoring.retire": "Retirement retire_dataset",
    "flows.authoring.contract_files": "compare_contracts lint_contracts",
    "flows.authoring.demo": "simulate_day",
    "flows.authoring.important_demo": "make_important_demo",
    "flows.authoring.new": "DraftedDataset draft_dataset draft_from_files",
    "flows.authoring.new_address": "draft_from_address",
    "flows.authoring.project": "create_project",
    "flows.base.answers": "FileProblem FlowAnswer Notice",
    "flows.base.column_keys": "ColumnKeyRecord",
    "flows.base.display_zone": "display_zone",
    "flows.base.identity": "signer_name",
    "flows.base.log_setup": "set_up_log",
    "flows.base.order": "active_contract dependency_order",
    "flows.base.report": "RunReport",
    "flows.base.run_lines": "log_run run_lines summary_line",
    "flows.batch.backfill": "Span backfill_dataset",
    "flows.batch.curate": "curate_dataset",
    "flows.batch.follow": "follow_dataset",
    "flows.batch.ingest": "ingest_dataset rebuild_silver",
    "flows.batch.run": "has_waiting_gold rebuild run_all run_dataset",
    "flows.checking.check": "check_data explain_check",
    "flows.checking.steps": "CheckStep",
    "flows.collecting.collect": "collect collected_datasets",
    "flows.collecting.units": "ServiceFiles write_service_files",
    "flows.filing.catalogue": "AuthorityAnswer CatalogueEntry CatalogueReport answer_filing draft_catalogue file_catalogue list_catalogue",
    "flows.filing.changes": "FilingTask",
    "flows.filing.export": "ExportedFiling export_catalogue",
    "flows.filing.record": "Filing",
    "flows.grading.answers": "GradeEffect GradedColumn grade_mark",
    "flows.grading.approvals": "GradeApproval approve_grade",
    "flows.grading.bulk": "BulkDecision BulkPreview ConfirmationPreview RefusedDecision decide_grades preview_confirmations",
    "flows.grading.choices": "GradeChoice",
    "flows.grading.decide": "decide_grade preview_decision",
    "flows.grading.grade": "grade_all grade_dataset list_grades",
    "flows.grading.tables": "GradedTable RulesInForce list_table_grades rules_in_force",
    "flows.grading.tasks": "RegradingTask list_tasks reopen_grading",
    "flows.incidents.handling": "IncidentDraft close_incident list_incidents open_incident scope_incident state_incident_facts",
    "flows.incidents.record": "Incident",
    "flows.incidents.report": "IncidentReport write_incident_report",
    "flows.incidents.scope": "IncidentScope",
    "flows.lineage.audit": "audit_lineage",
    "flows.lineage.findings": "FindingKind LineageFinding",
    "flows.lineage.impact": "ImpactHop ServedRole lineage_impact",
    "flows.lineage.importing": "LineageImport RefusedEvent import_lineage receive_lineage",
    "flows.lineage.restoring": "RestoredEvents restore_events",
    "flows.operations.accounts": "IssuedToken NewAccount RegisteredAccount add_account list_accounts revoke_account rotate_token",
    "flows.operations.copy_trace": "CopyTrace",
    "flows.operations.demo_accounts": "DemoLogin make_demo_accounts",
    "flows.operations.doctor": "check_machine",
    "flows.operations.explain": "RowOrigin explain_row",
    "flows.operations.gold_value": "ValueOrigin explain_value",
    "flows.operations.inspect": "list_runs list_tables list_verdicts",
    "flows.operations.key_change": "KeyAuthor approve_key_change decide_token_scheme",
    "flows.operations.keys": "NewKeyFile create_key_file destroy_key list_keys rewrap_keys rotate_key",
    "flows.operations.live_demo": "LiveFigures run_live_demo",
    "flows.operations.maintain": "maintain",
    "flows.operations.source_answers": "SourceStatus",
    "flows.operations.passwords": "PasswordSet set_password",
    "flows.operations.spark_setup": "setup_spark spark_jars",
    "flows.operations.status": "project_status read_project_status stray_files",
    "flows.operations.trace": "show_lineage",
    "flows.operations.trace_copy": "trace_copy",
    "flows.portal.logins": "PortalUser",
    "flows.portal.portal": "Portal find_figure open_portal",
    "flows.portal.reading": "ModelReading",
    "flows.portal.token_holders": "TokenHolder",
    "flows.quarantine.events": "Signature",
    "flows.quarantine.selection": "Selection parse_duration parse_row_id",
    "flows.scorecard.assess": "assess_readiness",
    "flows.scorecard.build": "build_scorecard open_figure read_scorecard scorecard_path",
    "flows.scorecard.readiness": "MaturityIndicator MaturityItem show_maturity",
    "flows.scorecard.summary": "MaturityDomain maturity_summary",
    "flows.scoring.answers": "DatasetScore EstateScore RuleScore ScoreLevel ScoreReport StoredScore UnmeasuredDimension",
    "flows.scoring.compare": "ScoreChange ScoreDiff compare_scores",
    "flows.scoring.estate": "store_estate_score",
    "flows.scoring.rejudge": "rejudge_batches",
    "flows.scoring.show": "score_history show_scores",
    "flows.server.remote": "RemoteConnection connect_remotely",
    "flows.server.serve": "ServerAddress serve",
    "flows.serving.access": "current_account",
    "flows.serving.anonymity": "Anonymity AnonymityQuestion measure_anonymity",
    "flows.serving.connection": "Connection connect open_connection",
    "flows.serving.cube": "CubeRelease list_cubes release_cube",
    "flows.serving.decryption": "decrypt_values",
    "flows.serving.explanation": "MaskExplanation explain_policy",
    "flows.serving.export": "ExportRequest export_table",
    "flows.serving.export_record": "Export list_exports",
    "flows.serving.policy": "lint_policy run_policy_tests",
    "flows.serving.policy_review": "PolicyDifference PolicyMatrixRow compare_policy_files show_policy_matrix",
    "flows.serving.purpose_record": "PurposeRequest",
    "flows.serving.purposes": "approve_purpose list_purpose_requests reject_purpose request_purpose revoke_purpose",
    "flows.steward.expire": "expire_rows",
    "flows.steward.figures": "list_quarantine quarantine_figures",
    "flows.steward.repair": "Repair repair_rows",
    "flows.steward.repair_trial": "RepairTrial try_repair",
    "flows.steward.replay": "release_batch release_rows replay_rows",
    "flows.steward.show": "QuarantinedRow show_quarantine",
    "flows.suggest.acceptance": "Acceptance accept_rules",
    "flows.suggest.proposal": "RuleProposal",
    "flows.suggest.suggestions": "SuggestionReport suggest_rules",
    "quality.indicators": "indicator_name",
    "quality.rule": "Dimension Outcome",
    "serving.copies": "CopyForm",
    "scorecard.figures": "FigureRow figure_id",
    "serving.rows": "Rows",
}
_DOOR = {name: module for module, names in _NAMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name not in _DOOR:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"lakeward.{_DOOR[name]}"), name)


def __dir__() -> list[str]:
    return sorted(_DOOR)
