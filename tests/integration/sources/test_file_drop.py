"""The drop folder as plants have it: half-written, growing, renamed, linked and misnamed files."""

import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

import pytest

from lakeward.contracts.record_format import FileFormat
from lakeward.contracts.source import FileDropSource
from lakeward.core.errors import ContractError, MachineError, UsageError
from lakeward.core.messages import Lang
from lakeward.core.names import sha256
from lakeward.sources import BatchLimit, FileDrop
from lakeward.sources.file_copy import CopyResult, copy_bytes

SOURCE = FileDropSource(path=PurePosixPath("inbox"), pattern="**/*.csv")
START = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(frozen=True)
class DropProject:
    """A project's folders."""

    root: Path
    roots: tuple[Path, ...] = ()


@dataclass
class MovedClock:
    """A clock that a test sets."""

    time: datetime = START

    def now(self):
        return self.time


class Interrupted:
    """Copies in small pieces, and lets another thread change the file after the first one."""

    def __init__(self, change) -> None:
        self.change = change

    def __call__(self, origin, target):
        with origin.open("rb") as source, target.open("wb") as copy:
            copy.write(source.read(4))
            writer = threading.Thread(target=self.change, args=(origin,))
            writer.start()
            writer.join()
            copy.write(source.read())
        return CopyResult(sha256(target.read_bytes()), target.stat().st_size)


def append(path):
    """What a logger does."""
    with path.open("ab") as file:
        file.write(b"3,4\n")


def rewrite(path):
    """A writer that changes bytes in place."""
    with path.open("r+b") as file:
        file.write(b"x,y")


def cut(path):
    """A writer that starts again."""
    path.write_bytes(b"")


def swap(path):
    """A writer that replaces the file by another of the same size."""
    other = path.with_name(".other")
    other.write_bytes(b"a,b\n9,9\n")
    other.replace(path)


class RenamedAway:
    """Copies a file that goes away meanwhile."""

    def __call__(self, origin, target):
        copied = copy_bytes(origin, target)
        origin.unlink()
        return copied


@pytest.fixture
def project(tmp_path):
    (tmp_path / "inbox").mkdir()
    return tmp_path


def drop(root, **changes):
    settings = {"source": SOURCE, "format": FileFormat.CSV, "clock": MovedClock(), "project": DropProject(root), **changes}
    return FileDrop(dataset="plant", landing=root / "lake" / "landing", **settings)


def put(project, name, content=b"a,b\n1,2\n"):
    path = project / "inbox" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def names(source):
    return [one.name for one in source.inputs(0, source.plan(0, BatchLimit(bytes=1 << 30)))]


def test_landed_bytes_are_those_of_the_file_and_no_link_to_it(project):
    path = put(project, "line 1/读数.csv")
    source = drop(project)
    source.receive()
    path.write_bytes(b"changed in place")
    (named,) = source.inputs(0, 1)
    assert named.path.read_bytes() == b"a,b\n1,2\n"
    assert (named.name, named.path.name, named.fault) == ("line 1/读数.csv", named.sha256, None)


def test_hidden_and_unfinished_files_are_left_alone(project):
    for name in (".a.csv", ".hidden/b.csv", "c.csv.part", "d.csv~", "e.csv.tmp", "f.csv.crdownload", "g.txt"):
        put(project, name)
    everything = drop(project, source=replace(SOURCE, pattern="**/*"))
    assert everything.receive().landed == 1
    assert names(everything) == ["g.txt"]


@pytest.mark.parametrize("change", [append, rewrite, cut, swap])
def test_a_file_that_changes_while_it_is_copied_waits_for_the_next_look(project, change):
    path = put(project, "a.csv")
    arrivals = drop(project, copy=Interrupted(change)).receive()
    assert (arrivals.landed, arrivals.known, arrivals.unsettled) == (0, 0, ("a.csv",))
    source = drop(project)
    assert source.receive().landed == 1
    assert source.inputs(0, 1)[0].path.read_bytes() == path.read_bytes()


def test_a_file_that_goes_away_while_it_is_copied_is_named(project):
    put(project, "a.csv")
    assert drop(project, copy=RenamedAway()).receive().unsettled == ("a.csv",)


def test_what_is_left_of_an_unsettled_copy_is_nothing(project):
    put(project, "a.csv")
    drop(project, copy=Interrupted(append)).receive()
    landing = project / "lake" / "landing" / "plant"
    assert [path for path in landing.rglob("*") if path.is_file()] == []


def test_a_renamed_or_redelivered_file_is_no_new_input(project):
    path = put(project, "a.csv")
    source = drop(project)
    source.receive()
    path.rename(path.with_name("b.csv"))
    put(project, "again/a.csv")
    assert source.receive().landed == 0
    assert names(source) == ["a.csv"]


def test_a_file_that_was_half_written_comes_again_when_it_is_whole(project):
    put(project, "a.csv", b"a,b\n1,2\n3")
    source = drop(project)
    source.receive()
    put(project, "a.csv", b"a,b\n1,2\n3,4\n")
    assert source.receive().landed == 1
    assert [one.size for one in source.inputs(0, 2)] == [9, 12]


def test_a_file_that_is_not_what_its_name_says_is_an_input_with_a_fault(project):
    put(project, "a.csv", b"PK\x03\x04....xl/workbook.xml")
    source = drop(project)
    source.receive()
    assert source.inputs(0, 1)[0].fault == "file_is_office"


def test_a_link_out_of_the_folder_is_refused(project, tmp_path_factory):
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.csv"
    secret.write_bytes(b"a,b\n1,2\n")
    (project / "inbox" / "a.csv").symlink_to(secret)
    with pytest.raises(UsageError, match="points outside the drop folder") as caught:
        drop(project).receive()
    assert "remove the link" in str(caught.value)


@pytest.mark.parametrize("path", ["../outside", "/tmp", "inbox/../../outside"])
def test_a_folder_outside_the_project_is_refused(project, path):
    source = drop(project, source=replace(SOURCE, path=PurePosixPath(path)))
    with pytest.raises(ContractError, match="lies outside the project's folder") as caught:
        source.receive()
    assert "roots" in caught.value.render(Lang.ZH)


def test_a_drop_folder_that_is_a_link_out_of_the_project_is_refused(project, tmp_path_factory):
    (project / "share").symlink_to(tmp_path_factory.mktemp("elsewhere"))
    source = drop(project, source=replace(SOURCE, path=PurePosixPath("share")))
    with pytest.raises(ContractError, match="lies outside"):
        source.receive()


def test_a_folder_in_a_root_of_the_project_is_read(project, tmp_path_factory):
    share = tmp_path_factory.mktemp("share")
    (share / "a.csv").write_bytes(b"a,b\n1,2\n")
    source = replace(SOURCE, path=PurePosixPath(share / "."))
    assert drop(project, source=source, project=DropProject(project, (share,))).receive().landed == 1


def test_a_missing_folder_says_how_to_make_it(project):
    source = drop(project, source=replace(SOURCE, path=PurePosixPath("inbox/press line")))
    with pytest.raises(UsageError, match="does not exist") as caught:
        source.receive()
    assert f"mkdir -p '{project}/inbox/press line'" in str(caught.value)


def test_a_landing_that_cannot_be_written_is_named(project):
    put(project, "a.csv")
    (project / "lake").write_text("a file where the lake should be")
    with pytest.raises(MachineError, match="could not be copied into the landing") as caught:
        drop(project).receive()
    assert "Not a directory" in str(caught.value)


def test_landed_bytes_are_kept_as_long_as_the_contract_says(project):
    put(project, "a.csv")
    put(project, "b.csv", b"a,b\n5,6\n")
    clock = MovedClock()
    source = drop(project, clock=clock, source=replace(SOURCE, retention_days=30))
    source.receive()
    clock.time = START + timedelta(days=31)
    source.discard(1)
    assert [one.path.exists() for one in source.inputs(0, 2)] == [False, True]


def test_a_released_file_that_comes_again_stays_released(project):
    put(project, "a.csv")
    clock = MovedClock()
    source = drop(project, clock=clock, source=replace(SOURCE, retention_days=0))
    source.receive()
    clock.time = START + timedelta(days=1)
    source.discard(1)
    put(project, "b.csv")
    assert source.receive().landed == 0
    assert not source.inputs(0, 1)[0].path.exists()


def test_what_a_kill_left_in_the_landing_is_cleared_after_a_day(project):
    source = drop(project, clock=MovedClock(datetime.now(UTC) + timedelta(days=2)))
    source.landed_folder.mkdir(parents=True)
    (source.landed_folder / ".x.part").write_bytes(b"half")
    source.discard(0)
    assert list(source.landed_folder.iterdir()) == []
