"""Settings from the environment and the command line. The only module that reads the environment; built once at entry."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lakeward.core.errors import SettingsError
from lakeward.core.messages import Lang, Phrase
from lakeward.core.spelling import near_names, similar_names
from lakeward.core.storage.options import CREDENTIAL_VARIABLES, FIRST_WAIT
from lakeward.core.telemetry_settings import TelemetrySettings, read_telemetry
from lakeward.core.variables import VARIABLES

PREFIX = "LAKEWARD_"
# Secrets, which may be any bytes.
SECRETS = ("TOKEN", "TOKEN_KEY", "WRAPPING_KEY")
# Front of the secrets that a project names.
NAMED_PREFIX = "SECRET_"
# Front of the connections that contracts name.
CONNECTION_PREFIX = "CONN_"
# One name per implementation of `engines.protocols.Engine`.
EMBEDDED, SPARK = ENGINES = ("embedded", "spark")
# All cores of this machine, in the driver's process.
LOCAL_MASTER = "local[*]"
# Value of LAKEWARD_SPARK_JARS: the cluster provides Delta.
CLUSTER_JARS = "cluster"
# Set by spark-submit for the program that it starts, with master and settings of its command line.
_GATEWAY_PORT = "PYSPARK_GATEWAY_PORT"
# Read by pydantic for every model.
_PLUGINS = "PYDANTIC_DISABLE_PLUGINS"


@dataclass(frozen=True, slots=True, kw_only=True)
class SparkSettings:
    """How to start a Spark session if none is running.

    Args:
        master: URL of the master; None for that of spark-submit.
        jars: Folder of Delta's jars; None if the cluster provides them.
        conf: More settings of Spark, by name; they override Lakeward's.
        java_home: Folder of Java; None for the first on the PATH.
        submit: Airflow's connection for spark-submit; None to run Spark's driver in the task's process.
        verbose: What Java and Spark say reaches the error stream.
    """

    master: str | None = LOCAL_MASTER
    jars: Path | None = None
    conf: Mapping[str, str] = field(default_factory=dict)
    java_home: Path | None = None
    submit: str | None = None
    verbose: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one call.

    Args:
        start: The project's folder, or any folder inside it.
        lake: Folder or URL of the tables; None for the lake in `project.yaml`.
        utc: Times are shown in UTC, not in the project's zone.
        log_json: What is done is logged as lines of JSON.
        engine: Engine that overrides contracts and `project.yaml`; None for no override.
        memory: Memory limit of the engine, such as `4GiB`; None for its default.
        purpose: Purpose of reading; None for none.
        token: Access token of an account; None for none. An empty token is not valid.
        session: Id of a session of the portal, which proves an account as a token does; only the portal sets it.
        approvers: Account of the register by user of Airflow.
        approver: User of Airflow who decides, as Airflow signed them in; only a task that asked them sets it.
        airflow_services: Whether Airflow runs as services: pools, deadlines, questions and notices.
        portal_url: Address of the portal as readers reach it, without a slash at its end; None for none.
        expression_seconds: Time that expressions over quarantined rows may take, in a trial before; None for no limit.
        accounts: File of the register of accounts; None for the one of the project.
        token_key, token_key_file: Secret of tokens, or the file that holds it, outside the lake.
        secrets: Secrets by the names that `project.yaml` gives them.
        connections: URLs by the names that contracts give them, in capitals.
        airflow_connection: Finds Airflow's connection of a name, as a URL; None outside a task.
        seal_key_file: File of the secret that signs checkpoints, outside the lake; None for unsigned checkpoints.
        store: AWS's own variables, by name (`core.storage.options.CREDENTIAL_VARIABLES`).
        store_wait: Seconds before a request to an object store that failed is repeated.
        wrapping_key, wrapping_key_file: Secret under which keys of columns lie, or the file that holds it, outside the lake.
        telemetry: Whether traces and metrics of runs are sent.
    """

    start: Path
    lake: str | None = None
    lang: Lang = Lang.EN
    utc: bool = False
    log_json: bool = False
    engine: str | None = None
    memory: str | None = None
    token: str | None = field(default=None, repr=False)
    purpose: str | None = None
    session: str | None = field(default=None, repr=False)
    approvers: Mapping[str, str] = field(default_factory=dict)
    approver: str | None = None
    airflow_services: bool = False
    portal_url: str | None = None
    expression_seconds: float | None = None
    accounts: Path | None = None
    token_key: str | None = field(default=None, repr=False)
    token_key_file: Path | None = None
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    connections: Mapping[str, str] = field(default_factory=dict, repr=False)
    airflow_connection: Callable[[str], str | None] | None = field(default=None, repr=False, compare=False)
    seal_key_file: Path | None = None
    wrapping_key: str | None = field(default=None, repr=False)
    wrapping_key_file: Path | None = None
    store: Mapping[str, str] = field(default_factory=dict, repr=False)
    store_wait: float = FIRST_WAIT
    spark: SparkSettings = field(default_factory=SparkSettings)
    telemetry: TelemetrySettings = field(default_factory=TelemetrySettings)

    @classmethod
    def load(cls, project: Path | None = None, lang: Lang | None = None, environ: Mapping[str, str] = os.environ) -> "Settings":  # noqa: TID251
        """Read the environment; values of the caller take precedence.

        Raises:
            SettingsError: A `LAKEWARD_…` variable is unknown, or has a value that is not allowed.
        """
        variables = {key.removeprefix(PREFIX): value for key, value in environ.items() if key.startswith(PREFIX)}
        for key in variables:
            if key not in VARIABLES and not key.startswith((NAMED_PREFIX, CONNECTION_PREFIX)):
                names = ", ".join(PREFIX + name for name in similar_names(key, VARIABLES))
                expected = names if near_names(key, VARIABLES) else Phrase("phrase_known", names=names)
                raise SettingsError("setting_unknown", variable=PREFIX + key, expected=expected)
        _check_characters(variables)
        return cls(
            start=(project or Path(variables.get("PROJECT", "."))).absolute(),
            lake=variables.get("LAKE"),
            lang=lang or _lang(variables.get("LANG") or environ.get("LC_ALL") or environ.get("LANG", "")),
            utc=_flag("UTC", variables.get("UTC", "")),
            log_json=_is_json("LOG", variables.get("LOG", "")),
            engine=_engine(variables.get("ENGINE")),
            memory=variables.get("MEMORY"),
            token=variables.get("TOKEN"),
            purpose=variables.get("PURPOSE") or None,
            approvers=_pairs("APPROVERS", variables.get("APPROVERS", "")),
            airflow_services=_flag("AIRFLOW_SERVICES", variables.get("AIRFLOW_SERVICES", "")),
            portal_url=variables.get("PORTAL_URL", "").rstrip("/") or None,
            accounts=Path(variables["ACCOUNTS"]).absolute() if variables.get("ACCOUNTS") else None,
            token_key=variables.get("TOKEN_KEY"),
            token_key_file=Path(variables["TOKEN_KEY_FILE"]).absolute() if variables.get("TOKEN_KEY_FILE") else None,
            secrets={key.removeprefix(NAMED_PREFIX): value for key, value in variables.items() if key.startswith(NAMED_PREFIX)},
            connections={
                key.removeprefix(CONNECTION_PREFIX).upper(): value
                for key, value in variables.items()
                if key.startswith(CONNECTION_PREFIX)
            },
            seal_key_file=Path(variables["SEAL_KEY_FILE"]).absolute() if variables.get("SEAL_KEY_FILE") else None,
            wrapping_key=variables.get("WRAPPING_KEY"),
            wrapping_key_file=Path(variables["WRAPPING_KEY_FILE"]).absolute() if variables.get("WRAPPING_KEY_FILE") else None,
            store={name: environ[name] for name in CREDENTIAL_VARIABLES if environ.get(name)},
            spark=_spark(variables, environ),
            telemetry=read_telemetry(environ),
        )


def _check_characters(variables: Mapping[str, str]) -> None:
    """Bytes that are not UTF-8 arrive as surrogates, which no path of the lake and no log can hold; a secret may be any bytes."""
    for key, value in variables.items():
        if key not in SECRETS and not key.startswith(NAMED_PREFIX) and any("\ud800" <= sign <= "\udfff" for sign in value):
            raise SettingsError("setting_not_utf8", variable=PREFIX + key)


def _lang(locale: str) -> Lang:
    return Lang.ZH if locale.lower().startswith("zh") else Lang.EN


def _engine(name: str | None) -> str | None:
    if name is not None and name not in ENGINES:
        raise SettingsError("setting_not_allowed", variable=PREFIX + "ENGINE", expected=", ".join(ENGINES), found=name)
    return name


def _spark(variables: Mapping[str, str], environ: Mapping[str, str]) -> SparkSettings:
    submitted = _GATEWAY_PORT in environ
    cache = Path(environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME", ".")) / ".cache") / "lakeward" / "spark"
    jars = variables.get("SPARK_JARS") or (CLUSTER_JARS if submitted else str(cache))
    return SparkSettings(
        master=variables.get("SPARK_MASTER") or (None if submitted else LOCAL_MASTER),
        jars=None if jars == CLUSTER_JARS else Path(jars).absolute(),
        conf=_pairs("SPARK_CONF", variables.get("SPARK_CONF", "")),
        java_home=Path(environ["JAVA_HOME"]) if environ.get("JAVA_HOME") else None,
        submit=variables.get("SPARK_SUBMIT") or None,
        verbose=_flag("VERBOSE", variables.get("VERBOSE", "")),
    )


def _flag(variable: str, value: str) -> bool:
    if value not in {"", "0", "1"}:
        raise SettingsError("setting_not_allowed", variable=PREFIX + variable, expected="0, 1", found=value)
    return value == "1"


def _is_json(variable: str, value: str) -> bool:
    if value not in {"", "json"}:
        raise SettingsError("setting_not_allowed", variable=PREFIX + variable, expected="json", found=value)
    return value == "json"


def _pairs(variable: str, text: str) -> dict[str, str]:
    """`name=value` pairs separated by semicolons, since Spark's values contain commas and colons."""
    parts = [part.strip() for part in text.split(";") if part.strip()]
    for part in parts:
        if "=" not in part:
            raise SettingsError("setting_no_pair", variable=PREFIX + variable, expected="name=value;name=value", found=part)
    return {name.strip(): value.strip() for name, _, value in (part.partition("=") for part in parts)}


@contextmanager
def without_plugins() -> Iterator[None]:
    """Disable plugins of pydantic for models made here, so that validation does not depend on other packages.

    Pydantic's search for plugins reads the metadata of every installed package: 40 ms for each command that reads a contract.
    """
    before = os.environ.get(_PLUGINS)  # noqa: TID251
    os.environ[_PLUGINS] = "__all__"  # noqa: TID251
    try:
        yield
    finally:
        if before is None:
            del os.environ[_PLUGINS]  # noqa: TID251
        else:
            os.environ[_PLUGINS] = before  # noqa: TID251
