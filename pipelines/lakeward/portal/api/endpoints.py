"""The addresses of the API: each answers with the JSON of one command that reads, with the same keys and masks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from lakeward import flows
from lakeward.core.errors import UsageError
from lakeward.core.messages import Phrase
from lakeward.core.settings import Settings
from lakeward.flows import AccessFilter, FlowAnswer
from lakeward.portal.page import EVERYONE

PREFIX = "/api/v1"
# Rows of a list, where the command has the number as an option.
LISTED, MOST = 50, 1_000


class ParameterKind(StrEnum):
    """Form of a parameter."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of an address.

    Args:
        about: What it means, in English.
        in_path: Whether it is a part of the address; it is required then.
    """

    kind: ParameterKind = ParameterKind.TEXT
    about: str
    in_path: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """The values of the parameters of one call."""

    values: Mapping[str, str | int | bool]

    def text(self, name: str) -> str | None:
        """A text; None if it is not given."""
        found = self.values.get(name)
        return None if found is None else str(found)

    def number(self, name: str, usual: int) -> int:
        """A whole number."""
        found = self.values.get(name, usual)
        return int(found)

    def flag(self, name: str) -> bool:
        """Whether a flag is set."""
        return bool(self.values.get(name, False))


Answer = FlowAnswer | Sequence[FlowAnswer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One address.

    Args:
        path: After the prefix; `{name}` is a part.
        command: The command with the same answer.
        flow: Name of the public flow that answers.
        roles: Roles that may ask; one of them is enough.
        read: The answer, by the settings of the caller.
        is_list: Whether the answer is a list.
    """

    path: str
    command: str
    flow: str
    roles: frozenset[str]
    read: Callable[[Settings, Given], Answer]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    is_list: bool = True

    def parse(self, path: Mapping[str, str], query: Mapping[str, str]) -> Given:
        """The values of a call.

        Raises:
            UsageError: A parameter is unknown, or not of its form.
        """
        unknown = sorted(query.keys() - self.parameters.keys())
        if unknown:
            raise UsageError("api_parameter_unknown", found=ascii(unknown[0]), expected=", ".join(self.parameters) or "-")
        given = {**query, **path}
        return Given({name: _value(name, self.parameters[name].kind, text) for name, text in given.items()})


def _value(name: str, kind: ParameterKind, text: str) -> str | int | bool:
    if kind is ParameterKind.TEXT and text.strip():
        return text
    if kind is ParameterKind.NUMBER and text.isascii() and text.isdigit() and 1 <= len(text) <= 9:
        return int(text)
    if kind is ParameterKind.FLAG and text in {"true", "false"}:
        return text == "true"
    expected = {
        ParameterKind.TEXT: Phrase("phrase_text"),
        ParameterKind.NUMBER: Phrase("phrase_whole"),
        ParameterKind.FLAG: Phrase("phrase_flag"),
    }[kind]
    raise UsageError("api_parameter_form", parameter=name, expected=expected)


def _limit(given: Given) -> int:
    return min(given.number("limit", LISTED), MOST)


def _access(given: Given) -> AccessFilter:
    return AccessFilter(
        account=given.text("account"), table=given.text("table"), column=given.text("column"), days=given.number("days", 30)
    )


def _quarantine(settings: Settings, given: Given) -> Answer:
    """With a role, the values as it may see them; the read is in the access log before."""
    return flows.show_quarantine(
        settings,
        given.text("dataset") or "",
        _limit(given),
        include_closed=given.flag("all"),
        role=given.text("role") if given.flag("values") else None,
    )


def _lineage(settings: Settings, given: Given) -> Answer:
    up, down = given.flag("up"), given.flag("down")
    return flows.show_lineage(settings, given.text("name") or "", up=up or not down, down=down or not up)


STEWARDS, DECIDERS = frozenset({"steward"}), frozenset({"steward", "cdo"})
AUDITORS, ADMINS = frozenset({"auditor", "cdo"}), frozenset({"admin"})
DATASET = Parameter(about="Dataset")
OF_DATASET = Parameter(about="Dataset", in_path=True)
OF_TABLE = Parameter(about="Table or column, as `layer.table` or `layer.table.column`", in_path=True)
DAYS = Parameter(kind=ParameterKind.NUMBER, about="Days up to now")
LIMIT = Parameter(kind=ParameterKind.NUMBER, about=f"Rows at most; {LISTED} if it is not given, {MOST} at most")
ALL = Parameter(kind=ParameterKind.FLAG, about="Closed or older ones too")
READS = {
    "account": Parameter(about="Account"),
    "table": Parameter(about="Table, as `layer.name`"),
    "column": Parameter(about="Column, as `layer.table.column`"),
    "days": DAYS,
}


def _whole(path: str, command: str, flow: str, roles: frozenset[str] = EVERYONE, *, is_list: bool = True) -> Endpoint:
    """An address without parameters."""
    return Endpoint(
        path=path,
        command=command,
        flow=flow,
        roles=roles,
        is_list=is_list,
        read=lambda settings, _: getattr(flows, flow)(settings),
    )


def _of_one_or_all(path: str, command: str, flow: str, roles: frozenset[str] = EVERYONE, *, is_list: bool = True) -> Endpoint:
    """An address of one dataset, or of all."""
    return Endpoint(
        path=path,
        command=command,
        flow=flow,
        roles=roles,
        is_list=is_list,
        parameters={"dataset": DATASET},
        read=lambda settings, given: getattr(flows, flow)(settings, given.text("dataset")),
    )


ENDPOINTS: tuple[Endpoint, ...] = (
    _whole("/status", "status", "project_status"),
    _whole("/tables", "tables", "list_tables"),
    Endpoint(
        path="/verdicts/{dataset}",
        command="verdicts NAME",
        flow="list_verdicts",
        roles=EVERYONE,
        parameters={"dataset": OF_DATASET, "all": ALL},
        read=lambda settings, given: flows.list_verdicts(settings, given.text("dataset") or "", all_batches=given.flag("all")),
    ),
    _of_one_or_all("/scores", "score [NAME]", "show_scores", is_list=False),
    _of_one_or_all("/scores/history", "score [NAME] --history", "score_history"),
    Endpoint(
        path="/lineage/{name}",
        command="lineage show TABLE[.COLUMN]",
        flow="show_lineage",
        roles=EVERYONE,
        parameters={
            "name": OF_TABLE,
            "up": Parameter(kind=ParameterKind.FLAG, about="Only what it is made of"),
            "down": Parameter(kind=ParameterKind.FLAG, about="Only what is made of it"),
        },
        read=_lineage,
    ),
    Endpoint(
        path="/impact/{name}",
        command="lineage impact TABLE[.COLUMN]",
        flow="lineage_impact",
        roles=EVERYONE,
        parameters={"name": OF_TABLE},
        read=lambda settings, given: flows.lineage_impact(settings, given.text("name") or ""),
    ),
    _of_one_or_all("/contracts/problems", "contract lint [NAME]", "lint_contracts"),
    _of_one_or_all("/grades", "grade list [NAME]", "list_grades"),
    _whole("/grades/tables", "grade tables", "list_table_grades"),
    _of_one_or_all("/grades/tasks", "grade tasks [NAME]", "list_tasks", DECIDERS),
    _whole("/grades/rules", "grade rules", "rules_in_force", is_list=False),
    _whole("/quarantine", "quarantine list", "list_quarantine"),
    _whole("/quarantine/figures", "quarantine figures", "quarantine_figures"),
    Endpoint(
        path="/quarantine/rows/{dataset}",
        command="quarantine show NAME",
        flow="show_quarantine",
        roles=STEWARDS,
        parameters={
            "dataset": OF_DATASET,
            "limit": LIMIT,
            "all": ALL,
            "values": Parameter(
                kind=ParameterKind.FLAG, about="Values as the role may see them; the read is in the access log before"
            ),
            "role": Parameter(about="Role that reads the values; of the account"),
        },
        read=_quarantine,
    ),
    _whole("/catalogue", "catalogue list", "list_catalogue", DECIDERS | AUDITORS, is_list=False),
    _whole("/maturity", "maturity show", "show_maturity"),
    _of_one_or_all("/costs", "cost [NAME]", "dataset_costs"),
    _whole("/incidents", "incident list", "list_incidents", AUDITORS | STEWARDS),
    Endpoint(
        path="/history",
        command="history [NAME]",
        flow="list_decisions",
        roles=AUDITORS | STEWARDS,
        parameters={
            "dataset": DATASET,
            "since": Parameter(about="First day or time, or an age such as `30d`"),
            "kind": Parameter(about="Kind of decision"),
        },
        read=lambda settings, given: flows.list_decisions(
            settings, given.text("dataset"), since=given.text("since"), kind=given.text("kind")
        ),
    ),
    Endpoint(
        path="/access",
        command="access list",
        flow="list_access",
        roles=AUDITORS,
        parameters={**READS, "limit": LIMIT},
        read=lambda settings, given: flows.list_access(settings, _access(given), _limit(given)),
    ),
    Endpoint(
        path="/access/report",
        command="access report",
        flow="report_access",
        roles=AUDITORS,
        parameters={**READS, "by": Parameter(about="account, role, consumer, purpose, dataset or column")},
        read=lambda settings, given: flows.report_access(settings, given.text("by") or "account", _access(given)),
    ),
    Endpoint(
        path="/access/logins",
        command="access logins",
        flow="list_logins",
        roles=AUDITORS,
        parameters={"account": READS["account"], "days": DAYS, "limit": LIMIT},
        read=lambda settings, given: flows.list_logins(settings, given.text("account"), given.number("days", 30), _limit(given)),
    ),
    Endpoint(
        path="/access/findings",
        command="access findings",
        flow="list_findings",
        roles=AUDITORS,
        parameters={"all": ALL},
        read=lambda settings, given: flows.list_findings(settings, include_closed=given.flag("all")),
    ),
    _whole("/access/exports", "access exports", "list_exports", AUDITORS),
    Endpoint(
        path="/purposes",
        command="purpose list",
        flow="list_purpose_requests",
        roles=DECIDERS | AUDITORS,
        parameters={"all": ALL},
        read=lambda settings, given: flows.list_purpose_requests(settings, include_closed=given.flag("all")),
    ),
    _whole("/cubes", "cube list", "list_cubes"),
    _whole("/accounts", "account list", "list_accounts", ADMINS),
)
