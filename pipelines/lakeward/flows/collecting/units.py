"""Writes how the collector, and the run that follows it, are started as services: units of systemd, and services of a compose file."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lakeward.contracts.collected_source import HttpSource, ModbusSource, OpcUaSource, SparkplugSource
from lakeward.contracts.model import Contract
from lakeward.contracts.payload import PayloadKind
from lakeward.contracts.source import COLLECTED_SOURCES, FileDropSource, KafkaSource, MqttSource, OpcUaHistorySource, SqlSource
from lakeward.core.errors import MachineError
from lakeward.core.settings import Settings
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.connections import CONNECTIONS_FILE
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.collecting.doors import doors_of

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
# Services for a compose file; the image has {package}, and the project is mounted with its connections.
services:
"""
SERVICE = """\
  {name}-{what}:
    image: lakeward
    command: [lakeward, --project, /plant, {command}]
    volumes: ["{root}:/plant"]      # {connections} in it has mode 0600 and belongs to the user of the image
    stop_grace_period: {seconds}s
    restart: on-failure
"""
# Class of a source -> the extra that the image needs; empty for none. And payloads that need one more.
_EXTRAS = {
    FileDropSource: "",
    MqttSource: "mqtt",
    SqlSource: "sql",
    KafkaSource: "kafka",
    HttpSource: "http",
    OpcUaSource: "opcua",
    OpcUaHistorySource: "opcua",
    ModbusSource: "modbus",
    SparkplugSource: "sparkplug",
}
_PAYLOAD_EXTRAS = {PayloadKind.AVRO: "avro", PayloadKind.PROTOBUF: "protobuf"}
# Seconds that a service has to end: a collector lands what came, a run ends its batch.
_SECONDS = {"collect": 60, "run": 300}


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

    A source that a run itself reads has no collector, and so no unit for one. Datasets behind one HTTP door are collected in one process.

    Raises:
        UsageError: The project has no such dataset.
        ContractError: Its contract is not valid.
        MachineError: The folder can't be written.
    """
    workspace = open_workspace(settings)
    root = workspace.project.root
    texts = dict(_texts(workspace, workspace.project.contract(name)))
    folder = root / FOLDER
    try:
        folder.mkdir(exist_ok=True)
        for file, text in texts.items():
            (folder / file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise MachineError("folder_not_writable", folder=folder, found=error.strerror) from error
    return ServiceFiles(files=tuple(folder / file for file in texts))


def _texts(workspace: Workspace, contract: Contract) -> Iterator[tuple[str, str]]:
    """Name -> text of each file."""
    name, root = contract.name, workspace.project.root
    program = Path(sys.executable).with_name("lakeward")
    commands = {"run": f"run {name} --follow"}
    if isinstance(contract.source, COLLECTED_SOURCES):
        commands = {"collect": f"collect {' '.join(_collected_together(workspace, contract))}", **commands}
    compose = COMPOSE.format(package=_package(contract))
    for what, command in commands.items():
        unit = {"what": what, "name": name, "program": _escape(program), "root": _escape(root), "command": command}
        yield f"lakeward-{what}-{name}.service", UNIT.format(**unit)
        words = ", ".join(command.split())
        compose += SERVICE.format(
            name=name, what=what, command=words, root=root, connections=CONNECTIONS_FILE, seconds=_SECONDS[what]
        )
    yield f"compose.{name}.yaml", compose


def _package(contract: Contract) -> str:
    """What the image installs: the package with the extras of the source and of its payloads."""
    payload = contract.record_format.payload
    extras = [_EXTRAS.get(type(contract.source), ""), _PAYLOAD_EXTRAS.get(payload.kind, "") if payload else ""]
    named = ",".join(filter(None, extras))
    return f"lakeward[{named}]" if named else "lakeward"


def _collected_together(workspace: Workspace, contract: Contract) -> list[str]:
    """The datasets that one process collects: those behind the same HTTP door, else this one."""
    active = {name: one for name, one in workspace.project.valid_contracts().items() if not one.retired}
    behind = doors_of(workspace, active, with_lineage=False).values()
    return next(([one.name for one in door] for door in behind if contract.name in [one.name for one in door]), [contract.name])


def _escape(path: Path) -> str:
    r"""A path in a command of a unit (systemd.service, "Command lines"): `%` and `$` stand for themselves twice, a blank is `\x20`."""
    return str(path).replace("%", "%%").replace("$", "$$").replace(" ", r"\x20")
