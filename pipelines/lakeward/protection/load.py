"""Reads the serving policy strictly: an unknown name is an error with its line and column."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from lakeward.contracts.document import Document, Fault, read_document, read_text, safe_repr
from lakeward.contracts.view import View
from lakeward.core.errors import ContractError, PolicyError
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase
from lakeward.grading.grade import Grade
from lakeward.protection.accounts import PURPOSE_NAME
from lakeward.protection.lenient_names import LenientNames
from lakeward.protection.load_rules import PolicyNames, check_name, read_rule
from lakeward.protection.policy import NO_CATEGORY, MaskFormat, Policy, PolicyRule, RowFilterRule
from lakeward.protection.purposes import REQUEST_DAYS, Purpose
from lakeward.protection.reachable import unreachable_rules
from lakeward.protection.read_request import NO_PURPOSE, OWN_PARTY
from lakeward.protection.row_filters import read_filter

# The newest format that this version reads.
FORMAT = 2
KEYS: Mapping[str, KeyDoc] = {
    "format": KeyDoc("1 or 2", "Format of the file. The keys below that say so are of format 2.", "1"),
    "version": KeyDoc("text", "Edition of the policy, as you number it.", required=True),
    "ask": KeyDoc("text", "Whom a reader asks about a hidden value, where a rule names no contact.", required=True),
    "roles": KeyDoc(
        "mapping", "Role -> its title `{en: …, zh: …}`: the roles of `--as`, `--role` and `lakeward.connect`.", required=True
    ),
    "purposes": KeyDoc("mapping", "Format 2: purpose of `--purpose` -> a mapping of the keys below.", "none"),
    "parties": KeyDoc(
        "mapping",
        "Format 2: party outside of the project -> its title `{en: …, zh: …}`. An account belongs to one, or to `own`.",
        "none: only `own`",
    ),
    "categories": KeyDoc(
        "mapping",
        "Category of content -> the format of its masked values. `none` must be there; a category that is not is denied.",
        required=True,
    ),
    "limits": KeyDoc(
        "list",
        "Format 2: mappings of a rule's keys. Whatever rule decides, a reader sees no more than each limit that fits.",
        "none",
    ),
    "rowFilters": KeyDoc(
        "list",
        "Format 2: mappings of the keys of a row filter. A row must pass every filter that is for its reader.",
        "none",
    ),
    "rules": KeyDoc(
        "list",
        "Mappings of the keys below. The first rule that fits a column decides; where none fits, the column is denied.",
        "none",
    ),
}
# Keys of the file that came with format 2.
NEW_KEYS = frozenset({"purposes", "parties", "limits", "rowFilters"})
PURPOSE_KEYS: Mapping[str, KeyDoc] = {
    "en": KeyDoc("text", "Its title in English.", required=True),
    "zh": KeyDoc("text", "Its title in Chinese.", required=True),
    "approval": KeyDoc(
        "list of texts",
        "Roles of whom one other person approves a request. Without a request that holds, no account reads for this purpose.",
        "none: the purposes of an account are enough",
    ),
    "days": KeyDoc("whole number", "Days that an approved request holds at most.", f"{REQUEST_DAYS}"),
}


def read_policy(
    text: str,
    file: str,
    columns: Collection[str],
    zone: str = "UTC",
    filters: Collection[str] = (),
    unread: Collection[str] = (),
) -> tuple[Policy, tuple[PolicyError, ...]]:
    """A policy and all its problems; with problems, the policy must not be used.

    Args:
        file: Its name in messages.
        columns: Every `layer.dataset.column` of the project's contracts.
        zone: IANA zone of the plant, for days and hours.
        filters: Names of the row filters of the project's contracts.
        unread: Datasets whose contract is not valid. Names that can be theirs are taken: such a contract closes its own table, and
            not the policy, which would close all.

    Raises:
        PolicyError: It can't be read at all.
    """
    document = read_policy_document(text, file)
    faults: list[Fault] = [*document.faults]
    view = root_view(document, faults, KEYS)
    names = PolicyNames(format=_format(view), known=_known_names(view, columns, filters, unread), zone=zone)
    policy = _policy(view, names, text)
    _check_distinct_rules(view, policy)
    for at in unreachable_rules(policy):
        view.mappings("rules")[at].fail(None, "policy_rule_unreached", rule=safe_repr(policy.rules[at].id))
    return policy, policy_errors(document, faults)


def role_titles(text: str, file: str) -> Mapping[str, Mapping[str, str]]:
    """Role -> its title by language, also of a policy that has problems elsewhere.

    Raises:
        PolicyError: It can't be read at all.
    """
    return _titles(root_view(read_policy_document(text, file), [], KEYS), "roles")


def read_policy_document(text: str, file: str) -> Document:
    """A policy file's values with their positions.

    Raises:
        PolicyError: It is not plain YAML.
    """
    try:
        return read_document(text, file)
    except ContractError as error:
        raise PolicyError(error.code, **error.facts) from None


def policy_text(path: Path, file: str) -> str:
    """The text of a policy file.

    Raises:
        PolicyError: It is too large, or not UTF-8.
    """
    try:
        return read_text(path, file)
    except ContractError as error:
        raise PolicyError(error.code, **error.facts) from None


def root_view(document: Document, faults: list[Fault], keys: Iterable[str]) -> View:
    """The document's mapping; unknown keys are collected as faults."""
    if not isinstance(document.data, dict):
        faults.append(Fault((), "contract_not_a_mapping"))
    view = View(document.data if isinstance(document.data, dict) else {}, (), faults)
    view.allow_only(keys)
    return view


def policy_errors(document: Document, faults: Iterable[Fault]) -> tuple[PolicyError, ...]:
    """Each fault as an error with its position."""
    errors = (document.error(fault) for fault in faults)
    return tuple(PolicyError(error.code, **error.facts) for error in errors)


def _format(view: View) -> int:
    """The file's format; an older file says none."""
    found = view.positive_integer("format", FORMAT) if "format" in view.values else 1
    if found > FORMAT:
        view.fail("format", "policy_format_newer", found=found, expected=FORMAT)
    for key in sorted(NEW_KEYS & view.values.keys()) if found == 1 else ():
        view.fail(key, "policy_key_newer", key=key)
    return min(found, FORMAT)


def _known_names(
    view: View, columns: Collection[str], filters: Collection[str], unread: Collection[str]
) -> dict[str, Collection[str]]:
    """Kind of name -> the names that rules may use; the file's own names are read, and checked, later."""

    def is_taken(name: str) -> bool:
        return name in columns or name.partition(".")[2].partition(".")[0] in unread

    return {
        "role": tuple(view.mapping("roles").values),
        "grade": tuple(Grade),
        "category": tuple(view.mapping("categories").values),
        "column": LenientNames(columns, is_taken),
        "table": LenientNames({name.rpartition(".")[0] for name in columns}, is_taken),
        "filter": LenientNames(filters, lambda name: bool(unread) or name in filters),
        "purpose": (NO_PURPOSE, *view.mapping("purposes").values),
        "party": (OWN_PARTY, *view.mapping("parties").values),
    }


def _policy(view: View, names: PolicyNames, text: str) -> Policy:
    _check_new_names(view.mapping("purposes"), NO_PURPOSE)
    _check_new_names(view.mapping("parties"), OWN_PARTY)
    roles = _titles(view, "roles")
    return Policy(
        format=names.format,
        version=view.text("version"),
        ask=view.text("ask"),
        roles=roles,
        purposes=_purposes(view, roles),
        parties=_titles(view, "parties"),
        categories=_categories(view),
        row_filters=tuple(read_filter(each, names) for each in view.mappings("rowFilters")),
        rules=tuple(read_rule(each, names, is_limit=False) for each in view.mappings("rules")),
        limits=tuple(read_rule(each, names, is_limit=True) for each in view.mappings("limits")),
        text=text,
    )


def _titles(view: View, key: str) -> dict[str, dict[str, str]]:
    """Name -> its title by language; of `roles` at least one."""
    names = view.mapping(key)
    if key == "roles" and not names.values:
        view.fail_value(key, Phrase("phrase_role_mapping"))
    titles = {name: names.mapping(name) for name in names.values}
    for title in titles.values():
        title.allow_only(("en", "zh"))
    return {name: {lang: title.text(lang) for lang in ("en", "zh")} for name, title in titles.items()}


def _purposes(view: View, roles: Collection[str]) -> dict[str, Purpose]:
    names = view.mapping("purposes")
    return {name: _purpose(names.mapping(name), roles) for name in names.values}


def _purpose(view: View, roles: Collection[str]) -> Purpose:
    view.allow_only(PURPOSE_KEYS)
    approvers = view.texts("approval")
    if "approval" in view.values and not approvers:
        view.fail_value("approval", Phrase("phrase_roles"))
    return Purpose(
        titles={lang: view.text(lang) for lang in ("en", "zh")},
        approvers=frozenset(name for name in approvers if check_name(view, "approval", "role", name, roles)),
        days=view.positive_integer("days", REQUEST_DAYS),
    )


def _check_new_names(names: View, reserved: str) -> None:
    """Names of purposes and parties are those that an account can have, and not the one of readers without."""
    for name in names.values:
        if name == reserved:
            names.fail(name, "policy_name_reserved", name=reserved)
        elif not isinstance(name, str) or not PURPOSE_NAME.fullmatch(name):
            names.fail(name, "policy_name_invalid", found=safe_repr(name))


def _categories(view: View) -> dict[str, MaskFormat]:
    categories = view.mapping("categories")
    formats = {name: categories.choice(name, tuple(MaskFormat)) for name in categories.values}
    if NO_CATEGORY not in formats:
        view.fail("categories", "contract_missing", key=NO_CATEGORY, expected=Phrase("phrase_no_category"))
    return formats


def _check_distinct_rules(view: View, policy: Policy) -> None:
    seen: set[str] = set()
    lists: tuple[tuple[str, Sequence[PolicyRule | RowFilterRule]], ...] = (
        ("limits", policy.limits),
        ("rowFilters", policy.row_filters),
        ("rules", policy.rules),
    )
    for key, rules in lists:
        for at, rule in enumerate(rules):
            if rule.id in seen:
                view.faults.append(Fault((key, at, "id"), "policy_rule_twice", {"rule": safe_repr(rule.id)}))
            seen.add(rule.id)
