"""The page of the serving policy: roles, keys, actions and formats, and the keys of its tests."""

import yaml

from generate.markdown import code, keys, page, table
from generate.sources import SHIPPED
from lakeward.core.messages import Lang, text
from lakeward.grading import libraries, transforms
from lakeward.protection import cases, load, load_rules, oidc_file, row_filters
from lakeward.protection.policy import ACTIONS, FORMATS, Action, MaskFormat

INTRODUCTION = """\
`expectations/policies/serving.yaml` says which role sees what of which column. A project without the file has the shipped one. Rules are read
from the top: the first one that fits the role and the column's grade and category decides. `lakeward policy lint` finds slips, and
`lakeward policy test` runs the tests."""
DENIED = "A column is denied to everyone, whatever the rules say, in these cases:"
DENIALS = (
    "serving_ungraded",
    "serving_stale",
    "serving_above_lake",
    "serving_category_unknown",
    "serving_no_rule",
    "serving_limits_unlike",
)
PROVIDER = (
    "The file that `oidc` in `project.yaml` names: whose tokens `LAKEWARD_TOKEN` takes, beside those of `lakeward account`."
)
TRANSFORMS = "`expectations/policies/transforms.yaml`: what makes a derived column less sensitive, and what its output must show on each batch."
GRADING = "`expectations/policies/grading.yaml`: sector libraries, and rules of the project laid over the common ones."
TESTS = "`expectations/policies/serving.tests.yaml`: who sees what, and by which rule. A test needs no lake, because it says the grade itself."


def policies() -> str:
    """The page, in Markdown."""
    shipped = yaml.safe_load((SHIPPED / "policies" / "serving.yaml").read_text(encoding="utf-8"))
    roles = table(
        ("role", "English", "中文"), [(code(name), title["en"], title["zh"]) for name, title in shipped["roles"].items()]
    )
    denials = "\n".join(f"- {text(denial, Lang.EN)} ({code(denial)})" for denial in DENIALS)
    parts = (
        *(
            INTRODUCTION,
            keys(load.KEYS),
            "## Purposes",
            keys(load.PURPOSE_KEYS),
            "## Rules and limits",
            keys(load_rules.RULE_KEYS),
            "## Row filters",
            keys(row_filters.FILTER_KEYS),
        ),
        *("## Actions", table(("action", "a reader gets"), [(code(one), ACTIONS[one]) for one in Action]), DENIED, denials),
        *("## Formats of masked values", table(("format", "of a text stays"), [(code(one), FORMATS[one]) for one in MaskFormat])),
        *("## Roles of the shipped policy", roles),
        *("## Tests of a policy", TESTS, keys(cases.KEYS), "### A test", keys(cases.CASE_KEYS)),
        *("## Transforms", TRANSFORMS, keys(transforms.KEYS), "### A transform", keys(transforms.TRANSFORM_KEYS)),
        *("## Rules of grading", GRADING, keys(libraries.KEYS)),
        *("## Identity provider", PROVIDER, keys(oidc_file.KEYS), "### A group", keys(oidc_file.GROUP_KEYS)),
    )
    return page("Serving policy", "`lakeward/protection/` and `expectations/policies/serving.yaml`", *parts)
