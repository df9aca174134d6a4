"""Makes the pools of a project in the Airflow that is installed here: one slot per dataset, and none for datasets that are gone.

`python -m lakeward.orchestration.pools --project DIR` prints one JSON object.
"""

import argparse
import json
import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from lakeward.contracts.project import Project, find_project, load_project
from lakeward.core.errors import ExitCode, LakewardError, MachineError
from lakeward.core.messages import Lang
from lakeward.core.settings import Settings
from lakeward.orchestration.pool_names import pool_name, pool_prefix


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolChange:
    """What was changed.

    Args:
        made, removed: Names of pools.
    """

    made: tuple[str, ...]
    removed: tuple[str, ...]


def wanted_pools(project: Project) -> set[str]:
    """Names of the pools that the project's tasks name."""
    return {pool_name(project.name, name) for name in project.datasets()}


def make_pools(project: Project) -> PoolChange:
    """Make the pools that are missing, and remove those of datasets that the project no longer has.

    Raises:
        MachineError: Airflow is not installed, or its database can't be reached.
    """
    try:
        from airflow.models.pool import Pool  # noqa: PLC0415  (Airflow is an extra)
        from airflow.sdk.exceptions import AirflowException  # noqa: PLC0415  (as above)
        from airflow.utils.session import create_session  # noqa: PLC0415  (as above)
        from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415  (as above)
    except ModuleNotFoundError as error:
        raise MachineError("extra_missing", extra="airflow") from error
    wanted = wanted_pools(project)
    try:
        with create_session() as session:
            found = {str(name) for (name,) in session.query(Pool.pool).filter(Pool.pool.startswith(pool_prefix(project.name)))}
            change = PoolChange(made=_in_order(wanted - found), removed=_in_order(found - wanted))
            for name in change.made:
                session.add(Pool(pool=name, slots=1, description="", include_deferred=False))
            session.query(Pool).filter(Pool.pool.in_(change.removed)).delete()
    except (SQLAlchemyError, AirflowException, ImportError) as error:  # its text can hold the database's address
        raise MachineError("airflow_database", error=type(error).__name__) from None
    return change


def _in_order(names: Collection[str]) -> tuple[str, ...]:
    return tuple(sorted(names))


def main() -> int:
    """Make the pools, and print the change as JSON: `made, removed`."""
    parser = argparse.ArgumentParser(prog="python -m lakeward.orchestration.pools")
    parser.add_argument("--project", type=Path)
    parser.add_argument("--lang", type=Lang, default=Lang.EN)
    arguments = parser.parse_args()
    try:
        change = make_pools(load_project(find_project(Settings.load(arguments.project, arguments.lang).start)))
    except LakewardError as error:
        sys.stderr.write(error.render(arguments.lang) + "\n")
        return error.exit_code
    sys.stdout.write(json.dumps({"made": change.made, "removed": change.removed}) + "\n")
    return ExitCode.DONE


if __name__ == "__main__":
    raise SystemExit(main())
