"""An engine over an empty lake: each test that speaks the protocol alone runs over both."""

import pytest

from support.both_engines import ALL_ENGINES, open_engine_named
from support.staging import READER


@pytest.fixture
def lake(tmp_path):
    return str(tmp_path / "lake")


@pytest.fixture(params=ALL_ENGINES)
def engine(request, lake):
    made = open_engine_named(request.param, lake)
    yield made
    made.close()


@pytest.fixture(params=ALL_ENGINES)
def reader(request):
    """Whose reading of files `staged` looks at."""
    token = READER.set(request.param)
    yield request.param
    READER.reset(token)


@pytest.fixture
def embedded(lake):
    """The embedded engine alone, for tests that look into its own hands."""
    made = open_engine_named("embedded", lake)
    yield made
    made.close()
