"""The scenarios of drills. Each does a harm in a copy of the lake, and finds, bounds, traces and stops it by what a project has for that."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from lakeward.contracts.model import Contract
from lakeward.core.errors import ProtectionError
from lakeward.core.settings import Settings
from lakeward.core.sql import literal
from lakeward.engines.tables import Txn
from lakeward.flows.audit.access_watch import record_findings
from lakeward.flows.audit.sealing import seal_logs
from lakeward.flows.audit.verification import verify_logs
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.evidence.policy_bindings import is_sensitive
from lakeward.flows.grading.records import DECISIONS, read_grade_record
from lakeward.flows.incidents.handling import IncidentDraft, open_incident, scope_incident
from lakeward.flows.operations.accounts import NewAccount, add_account, revoke_account
from lakeward.flows.serving.connection import open_connection
from lakeward.flows.serving.policy import load_policy
from lakeward.grading.grade import ColumnGrade
from lakeward.protection.access_rules import AccessRuleKind
from lakeward.protection.accounts import ADMIN_ROLE

ADMIN, INTRUDER = "drill.admin", "drill.intruder"
# Above the threshold of the shipped rule (120 in an hour).
SINGLE_READS = 130

Facts = Mapping[str, object]


class DrillScenario(StrEnum):
    """What happens in a drill."""

    ENUMERATION = "enumeration"
    EDITED_LOG = "edited-log"
    FORGED_GRADE = "forged-grade"


@dataclass(frozen=True, slots=True)
class StepResult:
    """What one step found.

    Args:
        passed: Whether it found or stopped what was injected.
        facts: Counts and names; no data values.
    """

    passed: bool
    facts: Facts = field(default_factory=dict)


class Drill(Protocol):
    """One scenario in a copy of the lake."""

    def inject(self) -> StepResult:
        """Do the harm."""
        ...

    def detect(self) -> StepResult:
        """Find that something happened."""
        ...

    def scope(self) -> StepResult:
        """Find what it touches."""
        ...

    def trace(self) -> StepResult:
        """Find who or what it was."""
        ...

    def stop(self) -> StepResult:
        """End it, and see that it can't go on."""
        ...


class EnumerationDrill:
    """An account reads a table row by row; the rules over the access log find it, and its account is revoked."""

    def __init__(self, settings: Settings, contract: Contract) -> None:
        self._settings, self._table = settings, contract.table(contract.layer)
        self._started = open_workspace(settings).clock.now()
        self._admin = self._intruder = settings
        self._role = ""
        self._entries: tuple[str, ...] = ()

    def inject(self) -> StepResult:
        """Read single rows by a new account."""
        self._role = next(iter(load_policy(open_workspace(self._settings)).roles))
        admin = add_account(self._settings, NewAccount(name=ADMIN, person="Drill Admin", roles=(ADMIN_ROLE,)))
        self._admin = replace(self._settings, token=admin.token)
        intruder = add_account(self._admin, NewAccount(name=INTRUDER, person="Drill Intruder", roles=(self._role,)))
        self._intruder = replace(self._settings, token=intruder.token)
        with open_connection(self._intruder, self._role) as connection:
            for at in range(SINGLE_READS):
                connection.sql(f"SELECT * FROM {self._table} LIMIT 1 OFFSET {at}").fetchall()
        return StepResult(passed=True, facts={"table": str(self._table), "reads": SINGLE_READS})

    def detect(self) -> StepResult:
        """Watch the access log."""
        found = [each for each in record_findings(open_workspace(self._settings), 1) if each.account == INTRUDER]
        rules = sorted({str(each.rule) for each in found})
        self._entries = next((each.entries for each in found if each.rule is AccessRuleKind.ENUMERATION), ())
        return StepResult(passed=bool(self._entries), facts={"rules": rules})

    def scope(self) -> StepResult:
        """Open an incident for the table, and find who read which column."""
        draft = IncidentDraft(title="drill", columns=(str(self._table),), since=self._started.isoformat())
        found = scope_incident(self._settings, open_incident(self._settings, draft, ADMIN).incident, ADMIN)
        own = [each for each in found.exposures if each.reader == INTRUDER]
        reads = max((each.reads for each in own), default=0)
        return StepResult(
            passed=reads == SINGLE_READS, facts={"columns": len(own), "reads": reads, "unknown": found.unknown_reads}
        )

    def trace(self) -> StepResult:
        """See that the entries of the finding are the account's."""
        return StepResult(passed=bool(self._entries), facts={"account": INTRUDER, "entries": len(self._entries)})

    def stop(self) -> StepResult:
        """Revoke the account, and try to read once more."""
        revoke_account(self._admin, INTRUDER)
        try:
            open_connection(self._intruder, self._role).close()
        except ProtectionError as error:
            return StepResult(passed=True, facts={"refused": error.code})
        return StepResult(passed=False)


class EditedLogDrill:
    """Someone edits an entry of the sealed access log; its verification finds the entry."""

    def __init__(self, settings: Settings, contract: Contract) -> None:
        self._settings, self._table = settings, contract.table(contract.layer)
        self._entry = ""
        self._faults: tuple[str, ...] = ()

    def inject(self) -> StepResult:
        """Read, seal, and change the rows of an entry behind the program's back."""
        role = next(iter(load_policy(open_workspace(self._settings)).roles))
        with open_connection(self._settings, role) as connection:
            connection.sql(f"SELECT * FROM {self._table} LIMIT 5").fetchall()
        seal_logs(self._settings)
        spec = governance.table_spec("access_log")
        with open_workspace(self._settings).engine() as engine:
            newest = engine.fetch(f"SELECT session_id, seq FROM {spec.name} ORDER BY logged_at DESC, seq DESC LIMIT 1")[0]
            self._entry = f"{newest['session_id']}/{newest['seq']}"
            own = f"session_id = {literal(newest['session_id'])} AND seq = {newest['seq']}"
            columns = ", ".join("rows_out - 1 AS rows_out" if each.name == "rows_out" else each.name for each in spec.columns)
            query = f"SELECT {columns} FROM {spec.name} WHERE {own}"
            engine.overwrite(spec, query, own, Txn("drill", 1))
        return StepResult(passed=True, facts={"entry": self._entry})

    def detect(self) -> StepResult:
        """Verify the logs."""
        faults = [each for each in verify_logs(self._settings).faults if each.log == "access_log"]
        self._faults = tuple(entry for each in faults for entry in each.entries)
        return StepResult(passed=bool(faults), facts={"faults": sorted({str(each.kind) for each in faults})})

    def scope(self) -> StepResult:
        """Count the entries that are not as they were sealed."""
        return StepResult(passed=set(self._faults) == {self._entry}, facts={"entries": len(set(self._faults))})

    def trace(self) -> StepResult:
        """Name the entry."""
        return StepResult(passed=self._entry in self._faults, facts={"entry": self._entry})

    def stop(self) -> StepResult:
        """See that no new seal covers the edited entry as if it were right."""
        seal_logs(self._settings)
        still = [each for each in verify_logs(self._settings).faults if each.log == "access_log"]
        return StepResult(passed=bool(still), facts={"still_found": bool(still)})


class ForgedGradeDrill:
    """Someone writes a lower grade of a sensitive column into the lake; it is not in force, and is named."""

    def __init__(self, settings: Settings, contract: Contract) -> None:
        self._settings, self._contract = settings, contract
        self._column = ""
        self._before: Facts = {}

    def inject(self) -> StepResult:
        """Append a decision of one person alone, without a token, to the table of decisions."""
        name, now = self._contract.name, open_workspace(self._settings).clock.now()
        with open_workspace(self._settings).engine() as engine:
            grades = read_grade_record(engine, name).current(self._contract)
            self._column = next(column for column, grade in grades.items() if is_sensitive(grade))
            self._before = _grade_facts(grades[self._column])
            seq = engine.txn(governance.table_name(DECISIONS), f"decide/{name}") + 1
            seen = {f"seen_{key}": value for key, value in self._before.items()}
            lowered = {"action": "override", "grade": "general", "level": 1, **seen}
            signed = {"decided_by": INTRUDER, "reason": "drill", "decided_at": now}
            about = {"dataset": name, "column": self._column, "column_type": str(self._contract.column(self._column).type)}
            row = dict.fromkeys(each.name for each in governance.table_spec(DECISIONS).columns)
            governance.append_rows(
                engine, DECISIONS, [{**row, **about, **lowered, **signed, "seq": seq}], Txn(f"decide/{name}", seq)
            )
        return StepResult(passed=True, facts={"column": self._column, **self._before})

    def detect(self) -> StepResult:
        """Find decisions that one person alone signed though two are needed."""
        with open_workspace(self._settings).engine() as engine:
            found = read_grade_record(engine, self._contract.name).unrecorded.get(self._contract.name, set())
        return StepResult(passed=self._column in found, facts={"columns": sorted(found)})

    def scope(self) -> StepResult:
        """Find who read the column since."""
        name = f"{self._contract.table(self._contract.layer)}.{self._column}"
        since = open_workspace(self._settings).clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        draft = IncidentDraft(title="drill", columns=(name,), since=since.isoformat())
        found = scope_incident(self._settings, open_incident(self._settings, draft, ADMIN).incident, ADMIN)
        return StepResult(passed=any(each.column == name for each in found.columns), facts={"exposures": len(found.exposures)})

    def trace(self) -> StepResult:
        """Name who signed the decision."""
        with open_workspace(self._settings).engine() as engine:
            rows = governance.read_rows(
                engine, DECISIONS, where=f'"column" = {literal(self._column)}', dataset=self._contract.name, order="seq"
            )
        return StepResult(
            passed=rows[-1]["decided_by"] == INTRUDER, facts={"account": rows[-1]["decided_by"], "verified": rows[-1]["verified"]}
        )

    def stop(self) -> StepResult:
        """See that the grade in force did not fall."""
        with open_workspace(self._settings).engine() as engine:
            grade = read_grade_record(engine, self._contract.name).current(self._contract)[self._column]
        return StepResult(passed=_grade_facts(grade) == self._before, facts=_grade_facts(grade))


def _grade_facts(grade: ColumnGrade) -> Facts:
    return {"grade": grade.grade and str(grade.grade), "level": grade.level, "category": grade.category}


SCENARIOS: Mapping[DrillScenario, Callable[[Settings, Contract], Drill]] = {
    DrillScenario.ENUMERATION: EnumerationDrill,
    DrillScenario.EDITED_LOG: EditedLogDrill,
    DrillScenario.FORGED_GRADE: ForgedGradeDrill,
}
