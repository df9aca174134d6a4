"""Which second-level indicator of GB/T 36344-2018 a rule speaks of, by the catalogues; the standard itself maps nothing."""

import functools
from collections.abc import Mapping
from importlib import resources

import yaml

from lakeward.core.messages import Lang


@functools.cache
def indicators() -> Mapping[str, str]:
    """Codes such as 0302, by type of expectation or of derived rule."""
    folder = resources.files("lakeward") / "expectations" / "catalogues"
    found = dict(_standard()["derived"])
    for file in folder.iterdir():
        if file.name.startswith("expectations_"):
            entries = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)["expectations"]
            found |= {name: entry["indicator"] for name, entry in entries.items()}
    return found


def indicator_of(type_: str, dimension: str) -> str | None:
    """The rule's indicator; None where its suite gave it another dimension than its type has, or nothing is known of the type."""
    code = indicators().get(type_)
    return code if code and code[:2] == _standard()["dimensions"][dimension]["code"] else None


def indicator_name(code: str, lang: Lang) -> str:
    """The indicator's name."""
    return str(_standard()["indicators"][code][lang])


@functools.cache
def _standard() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    file = resources.files("lakeward") / "expectations" / "catalogues" / "quality_gbt_36344_2018.yaml"
    content: Mapping[str, Mapping[str, Mapping[str, str]]] = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return content
