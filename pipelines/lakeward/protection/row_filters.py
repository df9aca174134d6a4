"""Row filters of the policy: for whom a filter that contracts declare leaves rows out."""

from collections.abc import Mapping

from lakeward.contracts.view import View
from lakeward.core.errors import ProtectionError
from lakeward.core.keys import KeyDoc
from lakeward.core.names import Layer, TableName
from lakeward.protection.load_rules import PolicyNames, check_name, read_names, read_scope
from lakeward.protection.policy import Policy, RowFilterRule
from lakeward.protection.read_request import ReadRequest

FILTER_KEYS: Mapping[str, KeyDoc] = {
    "id": KeyDoc("text", "Name of the rule; stands once, also among the other rules.", required=True),
    "why": KeyDoc("text", "Reason, shown to readers.", required=True),
    "filter": KeyDoc(
        "text",
        "Name under `rowFilters` of the contracts. A table whose contract lacks it is denied to these readers.",
        required=True,
    ),
    "tables": KeyDoc("list of texts", "`layer.dataset` names that it is limited to.", "every table"),
    "roles": KeyDoc("list of texts", 'Roles that it is for; `["*"]`: all.', required=True),
    "purposes": KeyDoc(
        "list of texts", "Purposes that it is for; `none`: readers who name no purpose.", "every purpose, and none"
    ),
    "parties": KeyDoc("list of texts", "Parties that it is for; `own`: your own people.", "all"),
    "from": KeyDoc("date or time", "As in a rule.", "at once"),
    "until": KeyDoc("date or time", "As in a rule.", "no end"),
    "hours": KeyDoc("text", "As in a rule.", "all day"),
    "ask": KeyDoc("text", "Whom a reader asks.", "the policy's `ask`"),
}


def read_filter(view: View, names: PolicyNames) -> RowFilterRule:
    """One rule of a row filter; its faults are collected."""
    view.allow_only(FILTER_KEYS)
    name = view.text("filter")
    check_name(view, "filter", "filter", name, names.known["filter"])
    return RowFilterRule(
        id=view.text("id"),
        why=view.text("why"),
        scope=read_scope(view, names, is_for_all=True),
        filter=name,
        tables=read_names(view, "tables", "table", names.known) if "tables" in view.values else frozenset(),
        ask=view.text("ask", ""),
    )


def check_every_row(policy: Policy, request: ReadRequest, dataset: str) -> None:
    """Check that no row filter hides rows of any layer of the dataset from this reader, for commands that read whole tables.

    Raises:
        ProtectionError: One does.
    """
    for rule in policy.row_filters:
        if any(rule.is_for(request, TableName(layer, dataset)) for layer in Layer):
            raise ProtectionError("row_filter_command", dataset=dataset, rule=rule.id)
