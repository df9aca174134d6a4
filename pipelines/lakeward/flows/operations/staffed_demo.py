"""What the invented people of the demo plant do after its first day: accounts, grades, authorities, rights, reviews and reads, each by an account of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lakeward.core.settings import Settings
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.identity import open_register
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.evidence.assess import assess_readiness
from lakeward.flows.evidence.authority import Concept, ConceptDecision, Standing, decide_concept, list_concepts
from lakeward.flows.evidence.policy_bindings import is_sensitive
from lakeward.flows.evidence.rights import SERVING, Review, RightsDeclaration, declare_rights, record_review
from lakeward.flows.grading.choices import GradeChoice
from lakeward.flows.grading.decide import decide_grade
from lakeward.flows.grading.grade import list_grades
from lakeward.flows.operations.accounts import NewAccount, add_account
from lakeward.flows.serving.connection import open_connection
from lakeward.grading.grade import GradeState
from lakeward.maturity.catalogue import EDITIONS
from lakeward.protection.accounts import ADMIN_ROLE

STEWARD, OWNER, CDO, ANALYST, AUDITOR = "wang.fang", "li.wei", "zhao.min", "sun.lei", "chen.jie"
# The first account is an admin's.
PEOPLE = {
    STEWARD: ("steward", ADMIN_ROLE),
    OWNER: ("engineer",),
    CDO: ("cdo",),
    ANALYST: ("analyst",),
    AUDITOR: ("auditor",),
}
HOLDER, BASIS = "Demo plant", "made by the plant's own equipment and staff"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffedDemo:
    """What the people of the demo did.

    Args:
        accounts: Number of accounts that were added; 0 if the project had some: nothing was done.
        grades: Columns whose grade was confirmed.
        concepts: Concepts whose authority was decided.
        datasets: Datasets whose rights were declared, and that were reviewed.
        reads: Tables that were read, counted for each reader.
        measured: Items of readiness that are measured, by edition.
    """

    accounts: int
    grades: int = 0
    concepts: int = 0
    datasets: int = 0
    reads: int = 0
    measured: Mapping[str, int]

    def as_dict(self) -> dict[str, object]:
        """The keys of `people` in `lakeward demo --people --json`."""
        return fields_of(self)


def staff_demo(settings: Settings) -> StaffedDemo:
    """Let the people of the demo do their first day's work in a project whose DAGs ran; nothing where it has accounts already.

    Raises:
        LakewardError: As the flows that they use.
    """
    if open_register(open_workspace(settings)).has_accounts:
        return StaffedDemo(accounts=0, measured={})
    people = {name: replace(settings, token=token) for name, token in _add_accounts(settings).items()}
    return StaffedDemo(
        accounts=len(people),
        grades=_confirm_sensitive(people[STEWARD]),
        concepts=_decide_concepts(people[STEWARD]),
        datasets=_declare_and_review(people),
        reads=sum(_read_tables(people[name], roles[0]) for name, roles in PEOPLE.items()),
        measured={year: assess_readiness(settings, year).readiness.measured_items for year in EDITIONS},
    )


def _add_accounts(settings: Settings) -> dict[str, str]:
    """Account -> its token. The tokens are kept nowhere: `lakeward account rotate` makes new ones."""
    tokens: dict[str, str] = {}
    for name, roles in PEOPLE.items():
        own = replace(settings, token=tokens.get(STEWARD))
        tokens[name] = add_account(own, NewAccount(name=name, person=name.replace(".", " ").title(), roles=roles)).token
    return tokens


def _confirm_sensitive(steward: Settings) -> int:
    waiting = [each for each in list_grades(steward) if is_sensitive(each.grade) and each.grade.state is GradeState.PROVISIONAL]
    for each in waiting:
        decide_grade(steward, f"{each.dataset}.{each.column}", GradeChoice("", "seen with the owner of the data"))
    return len(waiting)


def _decide_concepts(steward: Settings) -> int:
    """Decide each concept that has a key: what lineage joins is derived, other columns refer to it."""
    found = [concept for concept in list_concepts(steward) if concept.authority is None and concept.proposed]
    for concept in found:
        decide_concept(steward, _decision(concept))
    return len(found)


def _decision(concept: Concept) -> ConceptDecision:
    assert concept.proposed is not None
    others = {
        each.column: Standing.DERIVED if each.has_lineage else Standing.REFERENCE
        for each in concept.columns
        if each.column != concept.proposed
    }
    return ConceptDecision(
        concept=concept.concept, authority=concept.proposed, others=others, reason="the register that the plant keeps"
    )


def _declare_and_review(people: dict[str, Settings]) -> int:
    names = open_workspace(people[OWNER]).project.datasets()
    rights = RightsDeclaration(holder=HOLDER, source="own", basis=BASIS)
    for name in names:
        declare_rights(people[CDO], name, rights)
        for who, kind in ((OWNER, "requirements"), (ANALYST, "sign-off"), (STEWARD, "model"), (AUDITOR, "access")):
            record_review(people[who], Review(kind=kind, subject=name, outcome="passed", note="first day of the plant"))
    record_review(people[CDO], Review(kind="policy", subject=SERVING, outcome="passed", note="first day of the plant"))
    return len(names)


def _read_tables(reader: Settings, role: str) -> int:
    """Read the first rows of every table in a role."""
    contracts = open_workspace(reader).project.valid_contracts().values()
    tables = [contract.table(contract.layer) for contract in contracts]
    with open_connection(reader, role) as connection:
        for table in tables:
            connection.sql(f"SELECT * FROM {table} LIMIT 20").fetchall()
    return len(tables)
