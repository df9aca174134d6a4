"""Decisions about grades, made in processes of their own."""

from pathlib import Path

from lakeward.core.errors import StoreConflictError
from lakeward.core.settings import Settings
from lakeward.flows import decide_grade
from lakeward.flows.grading.decide import GradeChoice


def override_phone_grade(root: str, who: str) -> str:
    """Override one column in the name of `who`; their name, or the code of why they were refused."""
    try:
        decide_grade(Settings(start=Path(root)), "press_line.tel", GradeChoice(who, "mine", grade="important"))
    except StoreConflictError as error:
        return error.code
    return who
