"""Classes of industrial data: sector, then business attribute."""

import functools
from importlib import resources
from typing import Any

import yaml

from lakeward.grading.catalogue import verified_text

CATALOGUE = "classification_industry_2020.yaml"


@functools.cache
def _classes() -> dict[str, Any]:
    text = verified_text(resources.files("lakeward") / "expectations" / "catalogues", CATALOGUE)
    found: dict[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    return found


def class_path(data_class: str | None) -> str:
    """The path of a contract's `dataClass`, such as `industry/production/parameters`; empty if it is none of the classes."""
    name, _, sub = (data_class or "").partition(".")
    known = _classes()["classes"]
    if name not in known or (sub and sub not in known[name]["subclasses"]):
        return ""
    return "/".join((_classes()["sector"]["id"], name, *([sub] if sub else [])))


def class_of(data_class: str | None) -> str | None:
    """The class that gives the default grade: without its subclass, if the subclass is known."""
    return data_class.partition(".")[0] if data_class and class_path(data_class) else data_class
