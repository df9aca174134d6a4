"""The catalogue's entries as the lake has them now: one per dataset with a column of grade important or core."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lakeward.contracts.model import Contract
from lakeward.contracts.placeholders import is_drafted_owner, is_drafted_purpose
from lakeward.core.messages import Lang
from lakeward.core.messages import text as message
from lakeward.engines.protocols import Engine
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.filing.declarations import Declarations, read_declarations
from lakeward.flows.filing.form import filing_form
from lakeward.flows.filing.record import FilingRecord, read_filings
from lakeward.flows.grading.records import read_grade_record
from lakeward.flows.serving.policy import load_policy
from lakeward.grading.grade import ColumnGrade, Grade, GradeState
from lakeward.protection.policy import Action, Policy
from lakeward.protection.read_request import ReadRequest
from lakeward.serving.plan import Principal

# Grades that are filed, the highest first.
FILED_GRADES = (Grade.CORE, Grade.IMPORTANT)
# States of a grade that a person decided.
DECIDED = frozenset((GradeState.CONFIRMED, GradeState.OVERRIDDEN))
GRADE_NAMES = {Grade.CORE: "核心数据", Grade.IMPORTANT: "重要数据"}
CLASS_NAMES = {
    "research": "研发数据",
    "production": "生产运行数据",
    "management": "管理数据",
    "maintenance": "运维数据",
    "service": "业务服务数据",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveEntry:
    """An entry as it is now.

    Args:
        items: Key of the form -> text, without sizes; a missing item is absent.
        undecided: Columns whose grade no person has decided yet.
    """

    dataset: str
    grade: Grade
    items: Mapping[str, str]
    rows: int
    bytes: int
    undecided: tuple[str, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """Keys of the form that are required and absent."""
        sizes = {"rows", "bytes"}
        return tuple(field.key for field in filing_form().entry if field.required and field.key not in {*self.items, *sizes})


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCatalogue:
    """All that the catalogue is made of.

    Args:
        entries: By dataset.
        declared: What people declared.
        record: The filings so far.
    """

    entries: Mapping[str, LiveEntry]
    declared: Declarations
    record: FilingRecord


def live_catalogue(workspace: Workspace, engine: Engine) -> LiveCatalogue:
    """Compute the entries, and read the filings.

    Raises:
        DefinitionError: The declarations are not valid.
        PolicyError: The serving policy is not valid.
    """
    record = read_filings(engine)
    declared = read_declarations(workspace.project, {*workspace.project.datasets(), *record.datasets})
    grades = read_grade_record(engine)
    contracts = workspace.project.valid_contracts().values()
    found = [(contract, _filed_columns(grades.current(contract))) for contract in contracts]
    entries = {
        contract.name: _entry(workspace, engine, contract, columns, declared)
        for contract, columns in found
        if columns and engine.info(contract.table(contract.layer)) is not None
    }
    return LiveCatalogue(entries=entries, declared=declared, record=record)


def _filed_columns(grades: Mapping[str, ColumnGrade]) -> dict[str, ColumnGrade]:
    return {name: grade for name, grade in grades.items() if grade.grade in FILED_GRADES}


def _entry(
    workspace: Workspace, engine: Engine, contract: Contract, columns: Mapping[str, ColumnGrade], declared: Declarations
) -> LiveEntry:
    table = contract.table(contract.layer)
    info = engine.info(table)
    grade = min((each.grade for each in columns.values() if each.grade), key=FILED_GRADES.index)
    own = dict(declared.datasets.get(contract.name, {}))
    roles = dict(_served_roles(load_policy(workspace), contract, columns, workspace))
    items = {
        **_derived_items(contract, columns, str(workspace.lake), declared.processor),
        **own,
        "grade": GRADE_NAMES[grade],
        **(_join_texts("basis", own["basis"], _decisions(columns)) if "basis" in own else {}),
        **_join_texts("scope", own.get("scope"), "角色：" + "、".join(sorted(roles)) if roles else "无角色可见"),
        **_join_texts("measures", own.get("measures"), *_measures(roles, workspace)),
    }
    return LiveEntry(
        dataset=contract.name,
        grade=grade,
        items={key: text for key, text in items.items() if text},
        rows=info.rows if info else 0,
        bytes=engine.stored_bytes(table),
        undecided=tuple(name for name, each in columns.items() if each.state not in DECIDED),
    )


def _derived_items(
    contract: Contract, columns: Mapping[str, ColumnGrade], lake: str, processor: Mapping[str, str]
) -> dict[str, str]:
    kind = CLASS_NAMES.get(contract.data_class or "", "")
    categories = sorted({each.category for each in columns.values() if each.category})
    place = "对象存储" if "://" in lake else "本地磁盘"
    return {
        "name": "" if is_drafted_purpose(contract.description) else contract.description or contract.name,
        "category": "／".join(filter(None, (kind, contract.domain, *categories))) if kind else "",
        "carrier": f"Delta 表 {contract.table(contract.layer)}（{place}）",
        "responsible": "，".join(filter(None, (processor.get("name"), processor.get("uscc")))),
        "owner": "" if is_drafted_owner(contract.owner) else contract.owner,
    }


def _decisions(columns: Mapping[str, ColumnGrade]) -> str:
    """How many columns have which grade by a person's decision. Names of columns are metadata, and no value of the data."""
    parts = []
    for grade in FILED_GRADES:
        names = [name for name, each in columns.items() if each.grade is grade and each.state in DECIDED]
        if names:
            parts.append(f"经人工确认为{GRADE_NAMES[grade]}的字段 {len(names)} 个：{'、'.join(names)}")
    return "；".join(parts)


def _served_roles(
    policy: Policy, contract: Contract, columns: Mapping[str, ColumnGrade], workspace: Workspace
) -> Iterator[tuple[str, tuple[Action, ...]]]:
    """What the policy does with these columns, for each role that sees any."""
    for role in policy.roles:
        principal = Principal(request=ReadRequest(role=role, at=workspace.clock.now()), policy=policy).with_all_keys(contract)
        served = principal.serve_table(contract, None, columns).columns
        actions = {column.decision.action for column in served if column.name in columns} - {Action.DENY}
        if actions:
            yield role, tuple(sorted(actions))


def _measures(roles: Mapping[str, tuple[Action, ...]], workspace: Workspace) -> Iterable[str]:
    names = {action: message(f"measure_{action}", Lang.ZH) for actions in roles.values() for action in actions}
    by_role = "，".join(f"{role} {'、'.join(names[action] for action in roles[role])}" for role in sorted(roles))
    yield f"按角色访问控制：{by_role}；其他角色不可见" if roles else "按角色访问控制：所有角色均不可见"
    yield "访问日志逐条留痕并可校验"
    if workspace.project.checkpoints.file or workspace.project.checkpoints.webhook or workspace.project.checkpoints.mail:
        yield "日志校验点异地保存"


def _join_texts(key: str, *texts: str | None) -> dict[str, str]:
    return {key: "；".join(text for text in texts if text)}
