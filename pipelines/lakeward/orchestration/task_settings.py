"""The settings of a task: those of its environment, and Airflow's connections."""

from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, urlencode

from lakeward.core.settings import Settings


def task_settings(root: str) -> Settings:
    """The settings for the project at `root`; connections that the environment does not have are Airflow's."""
    return replace(Settings.load(Path(root)), airflow_connection=connection_url)


def connection_url(name: str) -> str | None:
    """Airflow's connection as a URL: its type is the scheme, its schema the path, its extra the parameters; None if there is none."""
    from airflow.sdk import Connection  # noqa: PLC0415  (only a contract or a subscription that names one needs it)
    from airflow.sdk.exceptions import AirflowNotFoundException, AirflowRuntimeError  # noqa: PLC0415  (as above)

    try:
        found = Connection.get(name)
    except (AirflowNotFoundException, AirflowRuntimeError):
        return None
    password = f":{quote(found.password, safe='')}" if found.password is not None else ""
    login = f"{quote(found.login or '', safe='')}{password}@" if found.login is not None or password else ""
    host = f"{found.host or ''}{f':{found.port}' if found.port else ''}"
    query = urlencode({key: str(value) for key, value in found.extra_dejson.items()})
    return f"{found.conn_type}://{login}{host}/{found.schema or ''}{f'?{query}' if query else ''}"
