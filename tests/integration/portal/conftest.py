"""The shipped plant after its day, run, graded and assessed, with accounts; its portal, and browsers by role."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from lakeward.core.settings import Settings
from support.portal_site import LOGINS, log_in, open_site


@pytest.fixture(scope="module")
def plant(portal_copy) -> Settings:
    return portal_copy


@pytest.fixture(scope="module")
def logins(plant):
    """Password and token of each role."""
    return json.loads((plant.start / LOGINS).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def passwords(logins):
    return {role: login["password"] for role, login in logins.items()}


@pytest.fixture(scope="module")
def owners(plant, logins):
    """The settings of an owner of each role."""
    return {role: replace(plant, token=login["token"]) for role, login in logins.items()}


@pytest.fixture(scope="module")
def site(plant):
    with open_site(plant) as (portal, _):
        yield portal


@pytest.fixture(scope="module")
def visitors(site, passwords):
    """A browser of each role, logged in."""
    return {role: log_in(site, role, password) for role, password in passwords.items()}


@pytest.fixture
def project_root(plant) -> Path:
    return plant.start
