"""Writes accepted proposals into the dataset's suite, with author, reason and evidence."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from lakeward.core.errors import MachineError, UsageError
from lakeward.core.settings import Settings
from lakeward.flows.base.identity import identify
from lakeward.flows.base.replace_file import replace_file
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.batch.judge import suite_label
from lakeward.flows.serving.reader import resolve_reader
from lakeward.flows.suggest.history import History
from lakeward.flows.suggest.proposal import RuleProposal
from lakeward.flows.suggest.suggestions import Suggestions, make_suggestions
from lakeward.flows.suggest.suite_edit import add_expectations, new_suite
from lakeward.flows.suggest.trial import proposed_rules, suite_entry
from lakeward.quality.suite import load_rules

ALL = "all"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A person's acceptance of proposals.

    Args:
        ids: Ids of proposals, or only `all`.
        reason: Why they are accepted.
        by: Who accepts; None for the token's account, or if not stated.
        verified: Whether a token proved who; None without accounts. Set by `accept_rules`.
    """

    ids: tuple[str, ...]
    reason: str
    by: str | None = None
    verified: bool | None = None


def accept_rules(settings: Settings, name: str, acceptance: Acceptance, role: str | None = None) -> list[str]:
    """Add the proposals to the suite; returns the added ids. Existing rules stay unchanged.

    Args:
        role: Role that reads, as in `suggest_rules`.

    Raises:
        UsageError: No reason is given, an id is neither proposed nor in the suite, or the dataset or its history does not exist.
        ContractError, SuiteError: The contract or the suite is not valid.
        ProtectionError: The token is not valid or belongs to another name.
        MachineError: The suite can't be written; it stays unchanged.
    """
    if not acceptance.reason.strip():
        raise UsageError("suggest_reason_missing", dataset=name)
    workspace = open_workspace(settings)
    reader, _ = resolve_reader(workspace, role)
    identity = identify(workspace, acceptance.by or "")
    acceptance = replace(acceptance, by=identity.name or None, verified=identity.verified if identity.has_register else None)
    contract, text = workspace.project.contract(name), workspace.suite(name)
    existing_ids = {rule.id for rule in load_rules(contract, text, suite_label(name))}
    with workspace.engine() as engine:
        found = make_suggestions(workspace, engine, name, reader)
    chosen = _select_proposals(found, acceptance, existing_ids)
    if not chosen:
        return []
    now = workspace.clock.now()
    entries = [_suite_entry(found.history, proposal, acceptance, now) for proposal in chosen]
    path = workspace.project.suite_path(name)
    written = add_expectations(_read_suite(path) if text is not None else new_suite(name), entries)
    load_rules(contract, written, suite_label(name))
    _write_suite(path, written, workspace.project.label(path))
    return [proposal.id for proposal in chosen]


def _select_proposals(found: Suggestions, acceptance: Acceptance, existing_ids: set[str]) -> list[RuleProposal]:
    by_id = {proposal.id: proposal for proposal in found.proposals}
    if acceptance.ids == (ALL,):
        return list(found.proposals)
    unknown = [id_ for id_ in acceptance.ids if id_ not in by_id and id_ not in existing_ids]
    if unknown or not acceptance.ids:
        dataset = found.history.contract.name
        raise UsageError("suggest_unknown_id", dataset=dataset, found=", ".join(unknown) or "-", expected=", ".join(by_id) or "-")
    return [by_id[id_] for id_ in dict.fromkeys(acceptance.ids) if id_ in by_id]


def _suite_entry(history: History, proposal: RuleProposal, acceptance: Acceptance, now: datetime) -> Mapping[str, Any]:
    rule = proposed_rules(history.contract, [proposal])[0]
    learned = {
        "table": str(history.table),
        "version": history.version,
        "rows": proposal.evidence.value,
        "from": history.first.isoformat() if history.first else None,
        "to": history.last.isoformat() if history.last else None,
    }
    meta = {
        "id": proposal.id,
        "severity": str(rule.severity),
        "version": rule.version,
        "reason": acceptance.reason,
        "by": acceptance.by,
        **({} if acceptance.verified is None else {"verified": acceptance.verified}),
        "accepted_at": now.isoformat(timespec="seconds"),
        "learned_from": learned,
    }
    return {**suite_entry(proposal), "meta": {"lakeward": meta}}


def _read_suite(path: Path) -> str:
    """The text of the suite with its line ends."""
    return path.read_bytes().decode("utf-8")


def _write_suite(path: Path, text: str, label: str) -> None:
    try:
        replace_file(path, text)
    except OSError as error:
        raise MachineError("suggest_suite_not_writable", file=label, found=error.strerror) from error
