"""The page of the scoring policy."""

from generate.markdown import keys, page
from lakeward.quality.weights import DATASET_KEYS, EXPECTED, KEYS

INTRODUCTION = f"""\
`expectations/policies/scoring.yaml` says what counts how much in a score. Without the file everything weighs 1. A weight is {EXPECTED}; a rule
that should not count is taken out of its suite, where everyone sees it. Scores are shown by `lakeward score`."""
EXAMPLE = """\
```yaml
dimensions: {accuracy: 2, timeliness: 0.5}
datasets:
  press_line:
    weight: 3
    rules: {temp_in_range: 2}
```"""


def scoring() -> str:
    """The page, in Markdown."""
    parts = (INTRODUCTION, keys(KEYS), "## A dataset", keys(DATASET_KEYS), "## Example", EXAMPLE)
    return page("Scoring policy", "`lakeward/quality/weights.py`", *parts)
