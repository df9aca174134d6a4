"""Checks the requirements of Lakeward on this machine, each with the command that repairs it."""

import platform
import shlex
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import metadata

from lakeward.core.errors import LakewardError
from lakeward.core.messages import text
from lakeward.core.settings import EMBEDDED, SPARK, Settings
from lakeward.core.storage.lake import Lake
from lakeward.core.storage.probe import STORE_CHECKED, check_store, races_large
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.identity import open_register
from lakeward.flows.base.telemetry import telemetry_problem
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.operations.key_checks import check_keys, check_seal_key, protection_extra, uses_protection
from lakeward.flows.operations.login_checks import check_login_provider
from lakeward.flows.operations.source_checks import check_sources
from lakeward.flows.operations.spark_setup import check_spark, uses_spark
from lakeward.serving.tokens import can_tokenise

REQUIRED_DISTRIBUTIONS = (
    "lakeward",
    "duckdb",
    "duckdb-extension-delta",
    "deltalake",
    "sqlglot",
    "openlineage-python",
    "open-data-contract-standard",
)
# Distribution -> extra that installs it.
EXTRAS = {
    **dict.fromkeys(("pandas", "polars", "pyarrow"), "analyst"),
    "great-expectations": "gx",
    "apache-airflow": "airflow",
    "adbc-driver-postgresql": "sql",
    "confluent-kafka": "kafka",
    "paho-mqtt": "mqtt",
    "uvicorn": "http",
    "asyncua": "opcua",
    "pymodbus": "modbus",
    "authlib": "portal-oidc",
    "protobuf": "sparkplug",
    "opentelemetry-exporter-otlp-proto-http": "otel",
    "duckdb-extension-httpfs": "s3",
    "duckdb-extension-azure": "azure",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineCheck:
    """One requirement or option of Lakeward on this machine.

    Args:
        check: What is checked: a program, package, folder or engine.
        ok: Whether the check passed.
        needed: Whether Lakeward needs it to work.
        found: Its version or location; None if it is missing.
        repair: Command that repairs it; None if the check passed.
    """

    check: str
    ok: bool
    needed: bool
    found: str | None
    repair: str | None

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward doctor --json`."""
        return fields_of(self)


def check_machine(settings: Settings) -> list[MachineCheck]:
    """Every check of this machine."""
    checks = [
        _check_python(),
        *(_check_distribution(name) for name in REQUIRED_DISTRIBUTIONS),
        *(_check_extra(name, extra) for name, extra in EXTRAS.items()),
        _check_tokens(settings),
        _check_row("cryptography (extra protect)", *protection_extra(), needed=uses_protection(settings)),
    ]
    keys = [_check_row(name, found, repair) for name, found, repair in (*check_keys(settings), *check_seal_key(settings))]
    return [
        *checks,
        *keys,
        *_check_spark_parts(settings),
        *_check_lake(settings),
        *_check_sources(settings),
        *_check_accounts(settings),
        *(_check_row(name, found or None, problem) for name, found, problem in check_login_provider(settings)),
        *_check_telemetry(settings),
        _check_engine(settings),
    ]


def _check_row(check: str, found: str | None, repair: str, *, needed: bool = True) -> MachineCheck:
    ok = found is not None
    return MachineCheck(check=check, ok=ok, needed=needed, found=found, repair=None if ok else repair)


def _check_python() -> MachineCheck:
    found = platform.python_version() if sys.version_info >= (3, 11) else None
    return _check_row("python", found, "python3.11 -m venv .venv")


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _check_distribution(name: str) -> MachineCheck:
    return _check_row(name, _version(name), f"pip install --force-reinstall {name}")


def _check_extra(name: str, extra: str) -> MachineCheck:
    return _check_row(f"{name} (extra {extra})", _version(name), f"pip install '/path/to/the/clone[{extra}]'", needed=False)


def _check_tokens(settings: Settings) -> MachineCheck:
    """Tokens are tried, not looked up; they are needed where a key is set."""
    used = settings.token_key is not None or settings.token_key_file is not None
    found = _version("numpy") or "-" if can_tokenise() else None
    return _check_row("numpy (extra tokens)", found, "pip install '/path/to/the/clone[tokens]'", needed=used)


def _check_spark_parts(settings: Settings) -> Iterator[MachineCheck]:
    """The extra; and if it is installed, or anything uses Spark, the requirements of a session."""
    used = _uses_spark(settings)
    extra = _check_extra("pyspark", "spark")
    yield replace(extra, needed=used)
    for name, found in check_spark(settings, at_url=used and _is_at_url(settings)) if extra.ok or used else ():
        wrong = isinstance(found, LakewardError)
        repair = found.render(settings.lang).splitlines()[-1] if isinstance(found, LakewardError) else ""
        yield _check_row(name, None if wrong else str(found), repair, needed=used)


def _uses_spark(settings: Settings) -> bool:
    try:
        return uses_spark(settings, open_workspace(settings).project)
    except LakewardError:  # reported by the check of the project
        return settings.engine == SPARK


def _is_at_url(settings: Settings) -> bool:
    try:
        return open_workspace(settings).lake.options is not None
    except LakewardError:  # as above
        return False


def _check_lake(settings: Settings) -> list[MachineCheck]:
    try:
        lake = open_workspace(settings).lake
    except LakewardError as error:
        return [_check_row("project", None, error.render(settings.lang).splitlines()[-1])]
    if lake.options:
        return list(_check_store(settings, lake))
    try:
        lake.files.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=lake.files):
            return [_check_row("lake", str(lake), "")]
    except OSError:
        return [_check_row("lake", None, f"mkdir -p {shlex.quote(str(lake))}")]


def _check_store(settings: Settings, lake: Lake) -> Iterator[MachineCheck]:
    """A lake in an object store: whether it can be written, and whether of two commits at once one is refused."""
    try:
        (lake.files / STORE_CHECKED).unlink(missing_ok=True)
        check_store(lake)
        finding = "store_probe_large" if races_large(lake) else "store_probe_good"
    except LakewardError as error:
        yield _check_row("lake", None, error.render(settings.lang))
        return
    yield _check_row("lake", f"{lake}: {text(finding, settings.lang)}", "")


def _check_sources(settings: Settings) -> Iterator[MachineCheck]:
    """One that can't be had stops its own datasets only."""
    for name, found, problem in check_sources(settings):
        yield _check_row(f"connection {name}", found or None, problem, needed=False)


def _check_accounts(settings: Settings) -> Iterator[MachineCheck]:
    """The register of accounts, where there is one or must be one."""
    try:
        workspace = open_workspace(settings)
    except LakewardError:  # reported by the check of the project
        return
    try:
        register = open_register(workspace)
        found = str(len(register.accounts()))
    except LakewardError as error:
        yield _check_row("accounts", None, error.render(settings.lang).splitlines()[-1])
    else:
        if register.has_accounts:
            yield _check_row("accounts", found, "")


def _check_telemetry(settings: Settings) -> Iterator[MachineCheck]:
    """What is sent, where the environment names a collector; without what it takes, runs go on and send nothing."""
    problem, sent = telemetry_problem(settings.telemetry), settings.telemetry
    if problem:
        yield _check_row("telemetry", None, problem.render(settings.lang), needed=False)
    elif sent.is_on:
        yield _check_row("telemetry", ", ".join(name for name in ("traces", "metrics") if getattr(sent, name)), "")


def _check_engine(settings: Settings) -> MachineCheck:
    name = settings.engine or EMBEDDED
    try:
        workspace = open_workspace(settings)
        name = workspace.engine_name()
        with workspace.engine() as engine:
            found = ", ".join(f"{row['extension_name']} {row['extension_version']}" for row in engine.fetch(LOADED_EXTENSIONS))
    except LakewardError as error:
        return _check_row(f"engine {name}", None, error.render(settings.lang).splitlines()[-1])
    return _check_row(f"engine {name}", found, "")


LOADED_EXTENSIONS = "SELECT extension_name, extension_version FROM duckdb_extensions() WHERE loaded AND extension_name = 'delta'"
