"""The page of the portal's addresses, and who may see each."""

from generate.markdown import code, page, table
from lakeward.portal.page import EVERYONE, PUBLIC, Page
from lakeward.portal.page_list import MODULES

INTRODUCTION = """\
Every page of the portal by its address; a `{name}` stands for a part of it. A page answers forms (POST) only where that is listed, and only those
that a page of the same session sent. All pages take `?lang=en` or `zh`, and `?theme=light` or `dark`. How to start it:
[open the portal](../how-to/open-the-portal.md)."""


def portal() -> str:
    """The page, in Markdown."""
    rows = [
        (code(each.path), ", ".join(each.methods), _roles(each), (module.__doc__ or "").partition("\n")[0])
        for module in MODULES
        for each in module.PAGES
    ]
    return page(
        "Pages of the portal", "`lakeward/portal/pages/`", INTRODUCTION, table(("address", "methods", "who", "shows"), rows)
    )


def _roles(each: Page) -> str:
    if each.roles == PUBLIC:
        return "anyone, before the log-in"
    return "who is logged in" if each.roles == EVERYONE else ", ".join(sorted(each.roles))
