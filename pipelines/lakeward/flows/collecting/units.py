"""Writes how the collector, and the run that follows it, are started as services: units of systemd, and services of a compose file."""

import sys
from dataclasses import dataclass
from pathlib import Path

from lakeward.core.errors import MachineError
from lakeward.core.settings import Settings
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.connections import CONNECTIONS_FILE
from lakeward.flows.base.workspace import open_workspace

# Folder in the project.
FOLDER = "deploy"
UNIT = """\
[Unit]
Description=Lakeward: {what} {name}
Wants=network-online.target
After=network-online.target

[Service]
ExecStart={program} --project {root} {command}
# Stops by SIGTERM: what came is landed first.
TimeoutStopSec=60
Restart=on-failure
RestartSec=5
NoNewPrivileges=true
PrivateTmp=true

[Install]
WantedBy=multi-user.target
"""
COMPOSE = """\
# Services for a compose file; the image has lakeward[mqtt], and the project is mounted with its connections.
services:
  {name}-collect:
    image: lakeward
    command: [lakeward, --project, /plant, collect, {name}]
    volumes: ["{root}:/plant"]      # {connections} in it has mode 0600 and belongs to the user of the image
    stop_grace_period: 60s
    restart: on-failure
  {name}-run:
    image: lakeward
    command: [lakeward, --project, /plant, run, {name}, --follow]
    volumes: ["{root}:/plant"]
    stop_grace_period: 300s
    restart: on-failure
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFiles:
    """The files of the services.

    Args:
        files: Units of systemd, and a compose file.
    """

    files: tuple[Path, ...]

    def as_dict(self) -> dict[str, object]:
        """`files`."""
        return fields_of(self)


def write_service_files(settings: Settings, name: str) -> ServiceFiles:
    """Write the files for dataset `name` into `deploy/`; files of before are replaced.

    Raises:
        UsageError: The project has no such dataset.
        ContractError: Its contract is not valid.
        MachineError: The folder can't be written.
    """
    project = open_workspace(settings).project
    project.contract(name)
    program, root = Path(sys.executable).with_name("lakeward"), project.root
    unit = {"name": name, "program": _escape(program), "root": _escape(root)}
    texts = {
        f"lakeward-collect-{name}.service": UNIT.format(what="collect", command=f"collect {name}", **unit),
        f"lakeward-run-{name}.service": UNIT.format(what="run", command=f"run {name} --follow", **unit),
        f"compose.{name}.yaml": COMPOSE.format(name=name, root=root, connections=CONNECTIONS_FILE),
    }
    folder = root / FOLDER
    try:
        folder.mkdir(exist_ok=True)
        for file, text in texts.items():
            (folder / file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise MachineError("folder_not_writable", folder=folder, found=error.strerror) from error
    return ServiceFiles(files=tuple(folder / file for file in texts))


def _escape(path: Path) -> str:
    r"""A path in a command of a unit (systemd.service, "Command lines"): `%` and `$` stand for themselves twice, a blank is `\x20`."""
    return str(path).replace("%", "%%").replace("$", "$$").replace(" ", r"\x20")
