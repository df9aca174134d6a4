"""Projects with lakes that several test modules read: made once a run, whichever worker needs one first, and copied by those that write."""

import fcntl
import json
import shutil
from pathlib import Path

import pytest

import lakeward
from lakeward.core.settings import Settings
from lakeward.flows import assess_readiness, grade_all, run_all, simulate_day
from lakeward.flows.authoring.demo import FOLDER
from support.canary_lake import make_canary_lake
from support.portal_site import LOGINS, make_owners, set_passwords


@pytest.fixture(scope="session")
def shipped_lake(request, tmp_path_factory):
    """The shipped project after its simulated day, run and graded. Read it; to write, take `shipped_copy`."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if hasattr(request.config, "workerinput") else base
    return Settings(start=once(shared / "shipped", make_shipped) / FOLDER)


@pytest.fixture(scope="module")
def shipped_copy(shipped_lake, tmp_path_factory):
    """A copy of `shipped_lake` for one module."""
    return Settings(start=Path(shutil.copytree(shipped_lake.start, tmp_path_factory.mktemp("shipped") / "plant")))


@pytest.fixture(scope="session")
def portal_lake(request, shipped_lake, tmp_path_factory):
    """`shipped_lake` assessed and read once, with the accounts of `portal_site`, whose passwords and tokens lie in `LOGINS`."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if hasattr(request.config, "workerinput") else base
    return Settings(start=once(shared / "portal", lambda folder: make_portal_lake(shipped_lake, folder)))


@pytest.fixture(scope="module")
def portal_copy(portal_lake, tmp_path_factory):
    """A copy of `portal_lake` for one module."""
    return Settings(start=Path(shutil.copytree(portal_lake.start, tmp_path_factory.mktemp("portal") / "plant")))


@pytest.fixture(scope="session")
def copy_of(tmp_path_factory):
    """`copy_of(make, root)`: a copy at `root` of the project that `make(folder)` makes, once a worker; returns `root`.

    Of several steps, `copy_of((make, then), root)`, the first makes the project, and each later one goes on with a copy.
    """
    made = {}

    def template(steps):
        if steps not in made:
            folder = tmp_path_factory.mktemp("template") / "plant"
            if steps[:-1]:
                shutil.copytree(template(steps[:-1]), folder)
            steps[-1](folder)
            made[steps] = folder
        return made[steps]

    def copy(make, root):
        return Path(shutil.copytree(template(make if isinstance(make, tuple) else (make,)), root))

    return copy


def once(folder, make):
    """The folder that `make(folder)` filled, in this process or in another."""
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        finished = folder.with_suffix(".made")
        if not finished.exists():
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            finished.touch()
    return folder


def make_shipped(folder):
    settings = simulate_day(Settings(start=folder)).settings
    run_all(settings)
    grade_all(settings)


def make_portal_lake(shipped, folder):
    settings = Settings(start=Path(shutil.copytree(shipped.start, folder)))
    assess_readiness(settings)
    with lakeward.connect(role="analyst", project=settings.start) as con:
        con.sql("SELECT count(*) FROM silver.equipment").fetchall()
    owners = make_owners(settings)
    logins = {role: {"password": password, "token": owners[role].token} for role, password in set_passwords(owners).items()}
    (settings.start / LOGINS).write_text(json.dumps(logins), encoding="utf-8")


@pytest.fixture(scope="session")
def canary_lake(request, tmp_path_factory):
    """The project of `canary_lake.make_canary_lake`. Read it; its access log may grow."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if hasattr(request.config, "workerinput") else base
    return Settings(start=once(shared / "canaries", make_canary_lake))


@pytest.fixture
def canary_lake_copy(canary_lake, tmp_path_factory):
    """A copy of `canary_lake` for one test."""
    return Settings(start=Path(shutil.copytree(canary_lake.start, tmp_path_factory.mktemp("canaries") / "plant")))
