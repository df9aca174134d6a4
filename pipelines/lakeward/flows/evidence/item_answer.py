"""An assessor's answer to one item, signed by an account: written into the project's file, and taken in at once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.decision_roles import check_decision_role
from lakeward.flows.base.given_texts import check_given_texts
from lakeward.flows.base.identity import identify
from lakeward.flows.base.workspace import local_day, open_workspace
from lakeward.flows.evidence.answers_file import answer_mark, merge_answers, written_answers
from lakeward.flows.evidence.assessor_sheet import CONFORMITY_LEVELS, clauses_of, document_text, documents_of
from lakeward.flows.scorecard.assess import Assessment, assess_lake, read_assessor_answers
from lakeward.flows.scorecard.editions import answers_file, find_edition


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemAnswer:
    """An answer to one item, as a form has it.

    Args:
        item: Number of the item.
        reason: Why it differs from the proposal.
        conformity: Level `1` to `5` -> the conformity of each of its clauses in per cent, such as `100, 70`.
        documents: One on each line: its name, or `name | date | page | sha256`.
        mark: Of a new answer, the mark of the one that its author saw; equal answers have equal marks.
    """

    item: str
    reason: str
    conformity: Mapping[str, str]
    documents: str
    mark: str

    def as_dict(self) -> dict[str, object]:
        """The texts of the form by their names."""
        return fields_of(self)


def find_answer(settings: Settings, item: str) -> ItemAnswer:
    """The answer that the project's file has to an item of the default edition; with empty texts where it has none.

    Raises:
        DefinitionError: The file is not valid.
    """
    found = written_answers(open_workspace(settings), find_edition()).get(item)
    answer: Mapping[str, Any] = found or {}
    levels = answer.get("conformity", {})
    return ItemAnswer(
        item=item,
        reason=answer.get("reason", ""),
        conformity={level: ", ".join(map(str, levels.get(level, ()))) for level in CONFORMITY_LEVELS},
        documents="\n".join(map(document_text, answer.get("documents", ()))),
        mark=answer_mark(found),
    )


def answer_item(settings: Settings, answer: ItemAnswer, by: str = "") -> Assessment:
    """Write an answer into the project's file under the name of its author and today's day, then assess with all answers.

    Args:
        by: Name of the author where no account signs; the answer is then not verified.

    Raises:
        UsageError: No one is named, a text holds a control character, a conformity is no list of whole numbers, or the answer changed since it was seen.
        DefinitionError: The answer is not valid.
        ProtectionError: The account has none of the roles that answer.
        MachineError: The file can't be written.
    """
    workspace, edition = open_workspace(settings), find_edition()
    author = identify(workspace, by)
    check_decision_role(author, "readiness")
    if not author.name:
        raise UsageError("signature_missing")
    check_given_texts({"reason": answer.reason, "documents": answer.documents})
    file = answers_file(edition)
    written = {
        "item": answer.item,
        "who": author.name,
        "when": local_day(workspace).isoformat(),
        "reason": answer.reason.strip(),
        "documents": documents_of(answer.documents),
        "conformity": {level: clauses_of(answer.conformity.get(level, ""), answer.item, file) for level in CONFORMITY_LEVELS},
    }
    merge_answers(workspace, edition, [written], file, {answer.item: answer.mark})
    answers = tuple(
        replace(each, verified=author.verified) if each.item == answer.item else each
        for each in read_assessor_answers(workspace, edition)
    )
    with workspace.engine() as engine:
        return assess_lake(workspace, engine, edition, answers)
