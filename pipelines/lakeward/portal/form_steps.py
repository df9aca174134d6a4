"""What a form asks for: its step is taken, and the page is shown again with what came of it."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from lakeward.core.errors import LakewardError, UsageError
from lakeward.core.settings import Settings
from lakeward.flows import ModelReading
from lakeward.portal.faults import fault_text
from lakeward.portal.page import PageAnswer, Visit

# What a page shows besides, by name.
Facts = Mapping[str, object]
Step = TypeVar("Step")
SignedStep = Callable[[Settings, Visit], Facts]


def take_step(
    visit: Visit, template: str, facts: Callable[[Visit, ModelReading], Facts], step: Callable[[Visit], Facts]
) -> PageAnswer:
    """The page after a step. A step that fails is shown with its reason, and what was typed stays.

    Args:
        facts: What the page always shows; it is read after the step.
        step: Does what the form asks for; what it gives stands over the facts.
    """
    status = 200
    try:
        done = step(visit)
    except LakewardError as error:
        done, status = {"fault": fault_text(visit, error)}, 409
    with visit.portal.read() as reading:
        shown = {**facts(visit, reading), **done}
    return PageAnswer(template=template, facts=shown, status=status)


def signed_step(steps: Mapping[str, SignedStep]) -> Callable[[Visit], Facts]:
    """The step that the field `step` of the form names, signed by the session.

    Raises:
        UsageError: By the step, where there is none of this name.
    """

    def take(visit: Visit) -> Facts:
        step = named_step(visit, steps)
        with visit.portal.actions.act(visit.session_id) as settings:
            return step(settings, visit)

    return take


def named_step(visit: Visit, steps: Mapping[str, Step]) -> Step:
    """The step that the form names.

    Raises:
        UsageError: There is none of this name.
    """
    found = steps.get(visit.form.get("step", ""))
    if found is None:
        raise UsageError("portal_form_incomplete")
    return found
