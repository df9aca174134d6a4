"""One rule of a dataset: its verdict on each batch, and whether the rule or the data changed."""

from itertools import pairwise

from lakeward.core.errors import UsageError
from lakeward.flows import FigureRow, ModelReading
from lakeward.portal.page import EVERYONE, Page, PageAnswer, Visit
from lakeward.portal.pages.dataset import head_of


def show_rule(visit: Visit, reading: ModelReading) -> PageAnswer:
    """The page.

    Raises:
        UsageError: No batch of the dataset was judged by the rule.
    """
    head, rule = head_of(visit, reading), visit.place["rule"]
    verdicts = reading.rows("rule_verdicts", dataset=str(head["name"]), rule=rule)
    if not verdicts:
        raise UsageError("portal_rule_unknown", dataset=head["name"], rule=rule)
    facts = {**head, "rule": rule, "verdicts": verdicts, "newest": verdicts[0], "changes": _changed_versions(verdicts)}
    return PageAnswer(template="rule.html", facts={**facts, "tab": "rules"})


def _changed_versions(verdicts: tuple[FigureRow, ...]) -> frozenset[int]:
    """Places, from 0, of the verdicts whose rule was another than that of the batch before."""
    changed = (one["rule_version"] != before["rule_version"] for one, before in pairwise(verdicts))
    return frozenset(place for place, is_other in enumerate(changed) if is_other)


PAGES = (Page(path="/d/{name}/r/{rule:path}", roles=EVERYONE, show=show_rule),)
