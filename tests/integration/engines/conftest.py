"""An engine over an empty lake."""

import pytest

from lakeward.engines import open_engine


@pytest.fixture
def lake(tmp_path):
    return str(tmp_path / "lake")


@pytest.fixture
def engine(lake):
    opened = open_engine("embedded", lake)
    yield opened
    opened.close()
