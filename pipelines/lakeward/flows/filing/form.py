"""The filing form: fields with their sources and certainty, and the periods of the rule that asks for it."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import yaml

from lakeward.grading.catalogue import verified_text

FORM = "filing_form_lakeward_v1.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One field of the form.

    Args:
        key: Key in declarations and entries.
        item: Number of the item in article 12; None for other fields.
        names: Its name by language.
        source: The rule or standard that names it.
        certainty: `law`, `good` (a published standard) or `own` (a choice of Lakeward's).
        required: Whether an entry without it can't be filed.
    """

    key: str
    item: int | None
    names: Mapping[str, str]
    source: str
    certainty: str
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingForm:
    """One edition of the form.

    Args:
        id: Id with version.
        article: The rule that asks for the filing.
        processor, entry: Fields of the head, and of each entry, in order.
        growth_percent: Change of rows or bytes that makes a new filing due.
        change_months: Months for this filing.
        review_days: Working days that the authority has.
        resubmit_days: Working days to file again after a rejection.
    """

    id: str
    article: str
    processor: tuple[FormField, ...]
    entry: tuple[FormField, ...]
    growth_percent: int
    change_months: int
    review_days: int
    resubmit_days: int


@functools.cache
def filing_form() -> FilingForm:
    """The shipped form.

    Raises:
        DefinitionError: Its file was edited in place.
    """
    found = _catalogue(FORM)
    return FilingForm(
        id=f"{found['id']}@{found['version']}",
        article=found["article"],
        processor=_fields(found["processor"]),
        entry=_fields(found["entry"]),
        growth_percent=found["growth_percent"],
        change_months=found["change_months"],
        review_days=found["review_working_days"],
        resubmit_days=found["resubmit_working_days"],
    )


def _fields(found: Mapping[str, Mapping[str, Any]]) -> tuple[FormField, ...]:
    return tuple(
        FormField(
            key=key,
            item=entry.get("item"),
            names={"en": entry["en"], "zh": entry["zh"]},
            source=entry["source"],
            certainty=entry["certainty"],
            required=entry.get("required", False),
        )
        for key, entry in found.items()
    )


def _folder() -> Traversable:
    return resources.files("lakeward") / "expectations" / "catalogues"


def _catalogue(name: str) -> dict[str, Any]:
    document = yaml.load(verified_text(_folder(), name), Loader=yaml.CSafeLoader)
    assert isinstance(document, dict)
    return document
