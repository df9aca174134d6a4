"""The project's file of an assessor's answers: read as it is written, and replaced whole, by one writer at a time."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from lakeward.core.errors import MachineError, UsageError
from lakeward.core.names import sha256
from lakeward.flows.base.replace_file import replace_file
from lakeward.flows.base.workspace import Workspace, local_day
from lakeward.flows.scorecard.editions import answers_file
from lakeward.maturity.assessor import read_answers
from lakeward.maturity.catalogue import Catalogue

HEAD = "# An assessor's answers to items of {edition}, for what telemetry can't know. lakeward assess takes them in.\n"


def written_answers(workspace: Workspace, edition: Catalogue) -> dict[str, dict[str, Any]]:
    """The answers as the project's file has them, by item; checked before.

    Raises:
        DefinitionError: The file is not valid.
    """
    path = workspace.project.root / answers_file(edition)
    if not path.is_file():
        return {}
    text = path.read_text(encoding="utf-8")
    read_answers(text, answers_file(edition), edition, local_day(workspace))
    document: dict[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    return answers_by_item([_plain(answer) for answer in document.get("answers") or []])


def merge_answers(
    workspace: Workspace, edition: Catalogue, new: Sequence[dict[str, Any]], source: str, seen: Mapping[str, str] | None = None
) -> None:
    """Put answers into the project's file; those to other items stay. Nothing is written if one is not valid.

    Args:
        source: Where the answers come from, in messages.
        seen: Mark of the answer that their author saw, by item; None to replace what stands there.

    Raises:
        UsageError: An answer changed since it was seen.
        DefinitionError: An answer, or the file of before, is not valid.
        MachineError: The file can't be written.
    """
    path = workspace.project.root / answers_file(edition)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _lock(path.parent):
            written = written_answers(workspace, edition)
            for item, mark in (seen or {}).items():
                if answer_mark(written.get(item)) != mark:
                    raise UsageError("maturity_answer_moved", item=item)
            kept = {**written, **answers_by_item(new)}
            content = {"edition": edition.edition, "answers": [kept[item] for item in sorted(kept, key=_item_order)]}
            text = HEAD.format(edition=edition.edition) + yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
            read_answers(text, source, edition, local_day(workspace))
            replace_file(path, text)
    except OSError as error:
        raise MachineError("filing_not_written", file=path, reason=type(error).__name__) from error


def answers_by_item(answers: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The answers by the number of their item; of several of one item the last."""
    return {str(answer.get("item")): answer for answer in answers}


def answer_mark(answer: Mapping[str, Any] | None) -> str:
    """What is equal for equal answers; without an answer it is a mark too."""
    return sha256(json.dumps(answer, sort_keys=True, ensure_ascii=False).encode("utf-8"))


def _plain(answer: Mapping[str, Any]) -> dict[str, Any]:
    """An answer with texts for days and levels, as JSON has them."""
    levels = {str(level): clauses for level, clauses in answer["conformity"].items()}
    documents = [
        each if isinstance(each, str) else {key: str(text) for key, text in each.items()} for each in answer["documents"]
    ]
    return {**answer, "when": str(answer["when"]), "conformity": levels, "documents": documents}


def _item_order(item: str) -> list[tuple[int, str]]:
    return [(int(part) if part.isdecimal() else 0, part) for part in item.split(".")]


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Hold the folder against other writers of answers, in this process and in others."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
