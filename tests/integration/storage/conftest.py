"""A store on loopback for the folder; without its program, what needs it is skipped and says so."""

import pytest

from support.object_stores import HAS_SERVER, WHY_NOT, versitygw


@pytest.fixture(scope="session")
def store_folder(tmp_path_factory):
    """Where the server keeps its buckets as plain files."""
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="session")
def endpoint(store_folder):
    if not HAS_SERVER:
        pytest.skip(WHY_NOT)
    pytest.importorskip("obstore")
    with versitygw(store_folder) as address:
        yield address
