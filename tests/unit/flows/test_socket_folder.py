"""Folders of killed servers are deleted by the next one; those of living servers, and whatever else has such a name, stay."""

import os
import shutil

import pytest

pytest.importorskip("pyarrow")
from lakeward.flows.server.socket_folder import SocketFolder


@pytest.fixture
def scratch(tmp_path):
    return tmp_path


def killed_folder(scratch):
    """A folder whose server was killed: the system let go of its lock."""
    folder = SocketFolder(scratch)
    (folder.path / "1.sock").touch()
    os.close(folder._lock)
    return folder.path


def test_a_new_folder_is_its_owners_alone_and_goes_with_it(scratch):
    folder = SocketFolder(scratch)
    assert folder.path.parent == scratch
    assert folder.path.stat().st_mode & 0o777 == 0o700
    folder.delete()
    assert list(scratch.iterdir()) == []


def test_only_what_a_killed_server_of_this_user_left_is_deleted(scratch):
    living, killed = SocketFolder(scratch), killed_folder(scratch)
    (scratch / "lakeward-server-file").write_text("no folder")
    (scratch / "lakeward-server-open").mkdir(mode=0o755)
    (scratch / "lakeward-server-link").symlink_to(living.path)
    (scratch / "other").mkdir(mode=0o700)
    new = SocketFolder(scratch)
    left = {path.name for path in scratch.iterdir()}
    assert left == {
        living.path.name,
        new.path.name,
        "lakeward-server-file",
        "lakeward-server-open",
        "lakeward-server-link",
        "other",
    }
    assert not killed.exists()
    for folder in (living, new):
        folder.delete()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder to another user")
def test_the_folder_of_another_user_stays(scratch):
    path = killed_folder(scratch)
    shutil.chown(path, 65534)
    SocketFolder(scratch).delete()
    assert path.exists()
    shutil.rmtree(path)
