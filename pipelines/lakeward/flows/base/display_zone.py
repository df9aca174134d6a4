"""The zone in which times are shown to people; JSON, tables and logs hold UTC."""

from contextlib import suppress
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

from lakeward.contracts.project import find_project, load_project
from lakeward.core.errors import SettingsError, UsageError
from lakeward.core.settings import Settings


def display_zone(settings: Settings) -> tzinfo:
    """The zone of the project; UTC if the settings ask for it, or outside a project."""
    with suppress(SettingsError, UsageError):
        if not settings.utc:
            return ZoneInfo(load_project(find_project(settings.start)).zone)
    return UTC
