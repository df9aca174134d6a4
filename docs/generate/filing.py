"""The page of the filing of important data: what people declare, and the fields of the form with their sources."""

from generate.markdown import code, keys, page, table
from lakeward.flows.base.working_calendar import working_calendar
from lakeward.flows.filing import declarations
from lakeward.flows.filing.form import FormField, filing_form

INTRODUCTION = f"""\
`{declarations.DECLARATIONS_FILE}` declares what no table says of important and core data; `lakeward catalogue list` names what is missing.
Its texts go into the form as they are."""
FORM = "The form that `lakeward catalogue export` writes. In bold: an entry without it can't be filed."


def filing() -> str:
    """The page, in Markdown."""
    form = filing_form()
    years = ", ".join(map(str, sorted(working_calendar().years)))
    periods = (
        f"Rule: {form.article}. A change of rows or bytes by {form.growth_percent} %, or of any other item, is filed within {form.change_months}"
        f" months. Review: {form.review_days} working days; after a rejection {form.resubmit_days}. Working days are known for: {years}."
    )
    return page(
        "Filing",
        "`lakeward/flows/filing/declarations.py`, `expectations/catalogues/filing_form_lakeward_v1.yaml`",
        INTRODUCTION,
        keys(declarations.KEYS),
        "## The processor",
        keys(declarations.PROCESSOR_KEYS),
        "## A dataset",
        keys(declarations.DATASET_KEYS),
        "### `sharing`",
        keys(declarations.SHARING_KEYS),
        "### `cross_border`",
        keys(declarations.BORDER_KEYS),
        "## Form",
        FORM,
        _fields(form.processor),
        _fields(form.entry),
        "## Periods",
        periods,
    )


def _fields(fields: tuple[FormField, ...]) -> str:
    heads = ("field", "item", "English", "中文", "source", "certainty")
    rows = [
        (
            f"**{code(f.key)}**" if f.required else code(f.key),
            str(f.item or ""),
            f.names["en"],
            f.names["zh"],
            f.source,
            f.certainty,
        )
        for f in fields
    ]
    return table(heads, rows)
