"""The catalogue of important data for a page: computed once for each state of lake and project, since it looks at every contract."""

from functools import partial
from zoneinfo import ZoneInfo

from lakeward.flows.base.policy_file import POLICY_FILE
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.filing.catalogue import CatalogueReport, list_catalogue
from lakeward.flows.filing.declarations import DECLARATIONS_FILE
from lakeward.flows.portal.portal import Portal
from lakeward.flows.portal.reading import ModelReading


def read_important(portal: Portal, reading: ModelReading) -> CatalogueReport:
    """As `list_catalogue`.

    Raises:
        DefinitionError: The declarations are not valid.
        PolicyError: The serving policy is not valid.
    """
    project = open_workspace(portal.settings).project
    stamps = []
    for name in (POLICY_FILE, DECLARATIONS_FILE):
        found = (project.root / name).stat() if (project.root / name).is_file() else None
        stamps.append((found.st_ino, found.st_size, found.st_mtime_ns) if found else None)
    today = reading.now.astimezone(ZoneInfo(project.zone)).date()
    return portal.important.get((portal.state, today, *stamps), partial(list_catalogue, portal.settings))
