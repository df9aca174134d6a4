"""A store on loopback for the folder; without its program, what needs it is skipped and says so."""

import pytest

from support.object_stores import HAS_SERVER, WHY_NOT, versitygw


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory):
    if not HAS_SERVER:
        pytest.skip(WHY_NOT)
    pytest.importorskip("obstore")
    with versitygw(tmp_path_factory.mktemp("store")) as address:
        yield address
