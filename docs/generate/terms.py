"""The page of the glossary's file."""

from generate.markdown import keys, page
from lakeward.contracts.glossary import KEYS, TERM_KEYS

INTRODUCTION = """\
`expectations/glossary.yaml` defines the plant's terms in the languages of the plant. Columns refer to approved terms
([how to](../how-to/name-things-for-people.md)); `lakeward contract lint` checks the file and the references, with file, line and column."""
EXAMPLE = """\
```yaml
terms:
  oee:
    name: {en: OEE, zh: 设备综合效率}
    definition: {en: 'Availability times performance times quality rate.', zh: 时间开动率、性能开动率与合格率之积。}
    owner: li.wei
    state: approved
    synonyms: [overall equipment effectiveness, 综合效率]
```"""


def terms() -> str:
    """The page, in Markdown."""
    return page(
        "Glossary",
        "`lakeward/contracts/glossary.py`",
        INTRODUCTION,
        keys(KEYS),
        "## A term",
        keys(TERM_KEYS),
        "## Example",
        EXAMPLE,
    )
