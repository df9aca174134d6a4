"""Maps rules to second-level indicators of GB/T 36344-2018, from the catalogues; the standard has no mapping."""

import functools
from collections.abc import Mapping
from importlib import resources
from typing import Any

import yaml

from lakeward.core.messages import Lang
from lakeward.quality.catalogue import GX_EXPECTATIONS, SENSOR_RULES


@functools.cache
def indicators() -> Mapping[str, str]:
    """Codes such as 0302, by type of expectation or of derived rule."""
    found = {**_standard()["derived"], **_read(SENSOR_RULES)["derived"]}
    for file in (GX_EXPECTATIONS, SENSOR_RULES):
        found |= {name: entry["indicator"] for name, entry in _read(file)["expectations"].items()}
    return found


def indicator_of(type_: str, dimension: str) -> str | None:
    """The rule's indicator; None if its suite sets another dimension than its type's, or if the type is unknown."""
    code = indicators().get(type_)
    return code if code and code[:2] == _standard()["dimensions"][dimension]["code"] else None


def indicator_name(code: str, lang: Lang) -> str:
    """The indicator's name."""
    return str(_standard()["indicators"][code][lang])


@functools.cache
def _standard() -> Mapping[str, Any]:
    return _read("quality_gbt_36344_2018.yaml")


def _read(file: str) -> Mapping[str, Any]:
    path = resources.files("lakeward") / "expectations" / "catalogues" / file
    content: Mapping[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return content
