"""The page of an assessor's answers."""

from generate.markdown import keys, page, table
from lakeward.core.messages import Lang
from lakeward.maturity.assessor import ANSWER_KEYS, DOCUMENT_KEYS, KEYS
from lakeward.maturity.catalogue import default_catalogue

INTRODUCTION = """\
`expectations/policies/assessor.yaml` holds what telemetry can't know: an assessor's answers to items of DCMM, with documents.
`lakeward assess` takes them in; `assessor-2018.yaml` beside it holds those of the edition of 2018. An answer replaces what live evidence proposes for its item, and the scorecard names the assessor."""
EXAMPLE = """\
```yaml
edition: GB/T 36073-2025
answers:
  - item: '6.1'
    who: li.wei
    when: 2026-11-20
    reason: the strategy of data was approved this year
    documents: [https://intranet.plant.example/strategy]
    conformity: {'1': [100], '2': [100, 70], '3': [50], '4': [0], '5': [0]}
```"""
CONFORMITY = "A conformity is one of {allowed} per cent; each level needs at least one clause."
ITEMS = """\
## Items

What telemetry alone may propose at most is an item's ceiling; above it only an answer counts."""


def assessor() -> str:
    """The page, in Markdown."""
    edition = default_catalogue()
    allowed = CONFORMITY.format(allowed=", ".join(map(str, edition.conformities)))
    items = [(item.number, item.names[Lang.EN], item.names[Lang.ZH], item.ceiling) for item in edition.items]
    parts = (
        INTRODUCTION,
        keys(KEYS),
        "## An answer",
        keys(ANSWER_KEYS),
        allowed,
        "## A document",
        keys(DOCUMENT_KEYS),
        "## Example",
        EXAMPLE,
        ITEMS,
    )
    return page("Assessor's answers", "`lakeward/maturity/`", *parts, table(("item", "English", "中文", "ceiling"), items))
