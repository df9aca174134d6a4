"""Open tasks of grading and filing, as messages for `status`."""

from collections import Counter
from collections.abc import Iterator
from itertools import chain

from lakeward.core.errors import LakewardError
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.answers import Notice
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.grading.records import GradeRecord
from lakeward.grading.grade import Grade

FILINGS, GRADE_TASKS = governance.table_name("filings"), governance.table_name("regrading_tasks")


def count_grade_tasks(engine: Engine) -> Counter[str]:
    """Number of open reasons to grade each dataset again."""
    if engine.info(GRADE_TASKS) is None:
        return Counter()
    from lakeward.flows.grading.tasks import open_tasks  # noqa: PLC0415 -- imports lineage; most projects have no such task

    return Counter(row["dataset"] for row in open_tasks(engine))


def filing_notices(workspace: Workspace, engine: Engine, grades: GradeRecord) -> Iterator[Notice]:
    """What the catalogue of important data waits for; nothing where no column is important or core, and nothing was filed."""
    if _has_filed_columns(grades) or engine.info(FILINGS) is not None:
        yield from _filing_notices(workspace, engine)


def _has_filed_columns(grades: GradeRecord) -> bool:
    proposed = (each.sensitivity for columns in grades.proposals.values() for each in columns.values())
    decided = (each.sensitivity for columns in grades.decisions.values() for each in columns.values())
    return any(found is not None and found.grade is not Grade.GENERAL for found in chain(proposed, decided))


def _filing_notices(workspace: Workspace, engine: Engine) -> Iterator[Notice]:
    from lakeward.flows.filing.catalogue import catalogue_report  # noqa: PLC0415 -- imports the policy; most projects file nothing

    try:
        tasks = catalogue_report(workspace, engine).tasks
    except LakewardError:  # the declarations or the policy are not valid; the command says where
        yield Notice("next_filing_broken", {})
        return
    if tasks:
        due = next((task.due for task in tasks if task.due), None)
        yield Notice("next_filing_due" if due else "next_filing", {"tasks": len(tasks), "due": due or "-"})
