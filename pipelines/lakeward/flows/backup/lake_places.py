"""Where a lake is to lie, and how `project.yaml` comes to say so."""

import json
import re
from functools import partial
from pathlib import Path

from lakeward.contracts.project import PROJECT_FILE
from lakeward.core.storage.lake import Lake
from lakeward.engines.delta.pinned_versions import newest_versions
from lakeward.flows.base.connections import connection_of
from lakeward.flows.base.lake import checked_place, lake_at_url
from lakeward.flows.base.replace_file import replace_file
from lakeward.flows.base.workspace import Workspace

_LAKE_LINE = re.compile(r"^lake:.*$", re.MULTILINE)


def versions_by_name(lake: Lake) -> dict[str, int]:
    """The newest version of each table of the lake, by the table's name."""
    return {str(name): version for name, version in newest_versions(lake.root()).items()}


def real_place(lake: Lake) -> str:
    """Where the lake lies, however it is spelled: without `..` and symbolic links."""
    return str(lake.files.resolve()) if lake.options is None else lake.address


def lie_in_each_other(one: Lake, other: Lake) -> bool:
    """Whether one of two places lies in the other, or both are one."""
    first, second = (f"{real_place(lake).rstrip('/')}/" for lake in (one, other))
    return first.startswith(second) or second.startswith(first)


def lake_place(workspace: Workspace, address: str) -> Lake:
    """The place at this folder, relative to the project, or URL.

    Raises:
        SettingsError: The URL is not valid, there are no credentials for it, or tables can't lie there.
    """
    root, settings = workspace.project.root, workspace.settings
    if "://" not in address:
        return checked_place(Lake.in_folder(str((root / Path(address).expanduser()).absolute())))
    connect = partial(connection_of, root, settings)
    return checked_place(lake_at_url(address, root, workspace.project.storage, settings, connect))


def name_lake(workspace: Workspace, lake: Lake) -> bool:
    """Name the lake's place in `project.yaml`; False where the environment names it."""
    if workspace.settings.lake is not None:
        return False
    file, root = workspace.project.root / PROJECT_FILE, workspace.project.root
    place = str(lake.files.relative_to(root)) if lake.options is None and lake.files.is_relative_to(root) else str(lake)
    line, text = f"lake: {json.dumps(place, ensure_ascii=False)}", file.read_text(encoding="utf-8")
    changed = _LAKE_LINE.sub(lambda _: line, text) if _LAKE_LINE.search(text) else f"{text.rstrip()}\n{line}\n"
    replace_file(file, changed)
    return True
