"""One PostgreSQL per worker; each test has a database of its own."""

import itertools
import os

import pytest

from support.postgres import IS_INSTALLED, postgres_server

NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def server():
    """A running server."""
    if not IS_INSTALLED:
        if os.environ.get("CI"):  # noqa: TID251
            pytest.fail("PostgreSQL 15 is missing: apt-get install postgresql-15")
        pytest.skip("needs PostgreSQL 15: apt-get install postgresql-15")
    with postgres_server() as running:
        yield running


@pytest.fixture
def database(server):
    """A fresh database of the server."""
    fresh = server.of_database(f"plant{next(NUMBERS)}")
    server.execute(f"CREATE DATABASE {fresh.database}")
    return fresh
