"""The shipped plant after its day, run, graded and assessed, with accounts; its portal, and browsers by role."""

from pathlib import Path

import pytest

import lakeward
from lakeward.core.settings import Settings
from lakeward.flows import assess_readiness
from support.portal_site import log_in, make_logins, open_site


@pytest.fixture(scope="module")
def plant(shipped_copy) -> Settings:
    assess_readiness(shipped_copy)
    with lakeward.connect(role="analyst", project=shipped_copy.start) as con:
        con.sql("SELECT count(*) FROM silver.equipment").fetchall()
    return shipped_copy


@pytest.fixture(scope="module")
def passwords(plant):
    return make_logins(plant)


@pytest.fixture(scope="module")
def site(plant, passwords):
    with open_site(plant) as (portal, _):
        yield portal


@pytest.fixture(scope="module")
def visitors(site, passwords):
    """A browser of each role, logged in."""
    return {role: log_in(site, role, password) for role, password in passwords.items()}


@pytest.fixture
def project_root(plant) -> Path:
    return plant.start
