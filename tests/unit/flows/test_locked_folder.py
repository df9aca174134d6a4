"""Folders of killed processes are deleted by the next one; those of living processes, and whatever else has such a name, stay."""

import os
import shutil

import pytest

from lakeward.flows.base.locked_folder import LockedFolder

PREFIX = "lakeward-server-"


def killed_folder(place):
    """A folder whose process was killed: the system let go of its lock."""
    folder = LockedFolder(PREFIX, place)
    (folder.path / "1.sock").touch()
    os.close(folder._lock)
    return folder.path


def test_a_new_folder_is_its_owners_alone_and_goes_with_it(tmp_path):
    folder = LockedFolder(PREFIX, tmp_path)
    assert folder.path.parent == tmp_path
    assert folder.path.stat().st_mode & 0o777 == 0o700
    folder.delete()
    assert list(tmp_path.iterdir()) == []


def test_only_what_a_killed_process_of_this_user_left_is_deleted(tmp_path):
    living, killed = LockedFolder(PREFIX, tmp_path), killed_folder(tmp_path)
    (tmp_path / "lakeward-server-file").write_text("no folder")
    (tmp_path / "lakeward-server-open").mkdir(mode=0o755)
    (tmp_path / "lakeward-server-link").symlink_to(living.path)
    (tmp_path / "other").mkdir(mode=0o700)
    new = LockedFolder(PREFIX, tmp_path)
    left = {path.name for path in tmp_path.iterdir()}
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
def test_the_folder_of_another_user_stays(tmp_path):
    path = killed_folder(tmp_path)
    shutil.chown(path, 65534)
    LockedFolder(PREFIX, tmp_path).delete()
    assert path.exists()
    shutil.rmtree(path)
