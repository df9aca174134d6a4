"""Deliveries in capital letters and packed ones: taken, read right, kept as they were received; and what nobody takes is named."""

import bz2
import gzip
import shutil
import zipfile

import pytest
import zstandard

from lakeward.core.names import sha256
from lakeward.flows import check_data, draft_dataset, draft_from_files, ingest_dataset, project_status, run_all, stray_files
from lakeward.sources.packing import PackingError, packing_of, unpack_file
from support.plant import HEADER, csv_line, make_plant

LINES = [csv_line("M1", minute, 20 + minute) for minute in range(3)]


def content(*lines):
    return ("\n".join([HEADER, *(lines or LINES)]) + "\n").encode()


def zipped(path, *members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in members:
            package.writestr(name, data)


@pytest.fixture
def plant(tmp_path):
    return make_plant(tmp_path / "plant")


@pytest.fixture
def inbox(plant):
    return plant.root / "inbox" / "press_line"


def run(plant):
    return ingest_dataset(plant.settings, "press_line")


@pytest.mark.parametrize("name", ["B.CSV"])
def test_a_suffix_is_taken_in_any_case(plant, inbox, name):
    (inbox / name).write_bytes(content())
    report = run(plant)
    assert (report.counts.silver, report.warnings) == (3, ())


def write_packed(inbox, kind, data):
    file = inbox / f"a.csv.{kind}"
    if kind == "gz":
        file.write_bytes(gzip.compress(data[:40]) + gzip.compress(data[40:]))
    elif kind == "zst":
        file.write_bytes(zstandard.compress(data[:40]) + zstandard.compress(data[40:]))
    else:
        zipped(file, ("__MACOSX/._a.csv", b"x"), ("folder/", b""), ("folder/a.csv", data))
    return file


@pytest.mark.parametrize("kind", ["gz", "zst", "ZIP"])
def test_a_packed_file_is_read_and_kept_as_it_was_received(plant, inbox, kind):
    file = write_packed(inbox, kind.lower(), content()).rename(inbox / f"a.csv.{kind}")
    report = run(plant)
    assert (report.counts.rows_in, report.counts.silver, report.warnings) == (3, 3, ())
    landed = plant.root / "lake" / "landing" / "press_line" / sha256(file.read_bytes())
    assert landed.read_bytes() == file.read_bytes()
    assert list((landed.parent / "unpacked").iterdir()) == []  # made again from the landed bytes whenever a batch reads it


@pytest.mark.parametrize("order", [("a.csv", "a.csv.gz"), ("a.csv.gz", "a.csv")])
def test_the_same_content_packed_and_plain_is_received_once(plant, inbox, order):
    for name in order:
        data = gzip.compress(content()) if name.endswith("gz") else content()
        (inbox / name).write_bytes(data)
        report = run(plant)
    assert report.batches == 0


@pytest.mark.parametrize("kind", ["gz", "zst", "zip"])
@pytest.mark.parametrize("cut", [0.1, 0.5, 0.9, 0.999])
def test_a_torn_packed_file_is_never_taken_for_a_whole_one(tmp_path, kind, cut):
    lines = [csv_line(f"M{number}", number % 60, (number * 7919) % 173) for number in range(5_000)]
    file = write_packed(tmp_path, kind, content(*lines))
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * cut)])
    with pytest.raises(PackingError, match="file_packed_damaged"):
        unpack_file(file, packing_of(file), tmp_path / "plain", 1 << 30)


def test_a_torn_packed_file_is_one_reject_and_no_row_of_it_is_published(plant, inbox):
    file = write_packed(inbox, "zst", content(*LINES * 500))
    file.write_bytes(file.read_bytes()[:-3])
    report = run(plant)
    assert (report.counts.rows_in, report.counts.rejects, report.counts.silver) == (1, 1, 0)


@pytest.mark.parametrize("members", [[("folder/", b"")], [("a.csv", content()), ("b.csv", content())]])
def test_a_zip_without_one_file_is_one_reject(plant, inbox, members):
    zipped(inbox / "a.csv.zip", *members)
    report = run(plant)
    assert (report.counts.rejects, report.counts.silver) == (1, 0)


def test_what_is_packed_beyond_the_limit_is_refused_whole(plant, inbox):
    contract = plant.dataset / "contract.odcs.yaml"
    contract.write_text(contract.read_text().replace("timezone: Asia", "limitBytes: 100, timezone: Asia"))
    (inbox / "a.csv.gz").write_bytes(gzip.compress(content() * 50))
    report = run(plant)
    assert (report.counts.rejects, report.counts.silver) == (1, 0)


def test_files_that_no_dataset_takes_are_named_by_run_and_status(plant, inbox):
    (inbox / "a.csv").write_bytes(content())
    (inbox / "a.csv.bz2").write_bytes(bz2.compress(content()))
    (inbox / "notes.docx").write_bytes(b"x")
    (inbox / "b.csv.part").write_bytes(b"x")
    (plant.root / "inbox" / "lost.csv").write_bytes(content())
    report = run(plant)
    ((code, facts),) = report.warnings
    assert (code, facts["count"], facts["files"], facts["pattern"]) == ("file_not_taken", 2, "a.csv.bz2, notes.docx", "*.csv")
    (status,) = project_status(plant.settings)
    assert "file_not_taken" in [notice.code for notice in status.next]
    (stray,) = stray_files(plant.settings)
    assert stray.facts["files"] == "lost.csv"


def test_a_file_that_another_dataset_takes_is_not_named(plant, inbox):
    (inbox / "a.csv").write_bytes(content())
    (inbox / "b.tsv").write_bytes(content().replace(b",", b"\t"))
    other = plant.dataset.parent / "other"
    shutil.copytree(plant.dataset, other)
    contract = other / "contract.odcs.yaml"
    text = contract.read_text().replace("press_line", "other").replace("inbox/other", "inbox/press_line")
    contract.write_text(text.replace('"*.csv"', '"*.tsv", delimiter: "\\t"'))
    reports, failed = run_all(plant.settings)
    assert (failed, [report.warnings for report in reports]) == ({}, [(), ()])


@pytest.mark.parametrize(("name", "pattern"), [("x.csv.gz", "**/*.csv"), ("X.ZIP", "**/*.zip")])
def test_a_packed_sample_is_drafted_and_taken(plant, tmp_path, name, pattern):
    sample = tmp_path / name
    if name.endswith("ZIP"):
        zipped(sample, ("inner.csv", content()))
    else:
        sample.write_bytes(gzip.compress(content()) if name.lower().endswith("gz") else content())
    folder = draft_dataset(plant.settings, "drafted", sample)
    assert f'pattern: "{pattern}"' in (folder / "contract.odcs.yaml").read_text()
    assert ingest_dataset(plant.settings, "drafted").counts.silver == 3


def test_a_sample_that_lies_in_its_inbox_is_not_copied(plant):
    drop = plant.root / "inbox" / "own"
    drop.mkdir()
    (drop / "a.csv").write_bytes(content())
    draft_dataset(plant.settings, "own", drop / "a.csv")
    assert [file.name for file in drop.iterdir()] == ["a.csv"]
    assert ingest_dataset(plant.settings, "own").counts.silver == 3


def test_a_packed_file_is_checked(plant, tmp_path):
    suite = {"name": "s", "expectations": [{"type": "expect_table_row_count_to_equal", "kwargs": {"value": 3}}]}
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(content()))
    assert check_data(tmp_path / "a.csv.gz", suite, plant.settings)["success"]


def test_several_files_become_one_dataset_and_what_differs_between_them_is_named(plant, tmp_path):
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "a.csv").write_bytes(content())
    (folder / "b.CSV").write_text("Machine,Temp,Note\nM1,x,late\n")
    (folder / "c.csv.gz").write_bytes(gzip.compress(content(csv_line("M2", 5, 20))))
    (folder / "readme.md").write_text("x")
    drafted = draft_from_files(plant.settings, "several", [folder])
    assert [(note.code, note.facts.get("file"), note.facts.get("missing"), note.facts.get("own")) for note in drafted.notes] == [
        ("new_drift", "a.csv", "Note", "-"),
        ("new_drift", "b.CSV", "Time", "Note"),
        ("new_drift", "c.csv.gz", "Note", "-"),
        ("new_files_aside", None, None, None),
    ]
    contract = (drafted.folder / "contract.odcs.yaml").read_text()
    assert "5 records of 3 files" in contract
    assert "Note" in contract
    report = ingest_dataset(plant.settings, "several")
    assert (report.counts.rows_in, report.counts.rejects + report.counts.silver + report.counts.quarantine) == (5, 5)


@pytest.mark.parametrize("extra", [(), (("__MACOSX/._a.csv", b"x"),)])
def test_a_zip_of_any_name_is_taken_for_what_it_holds(plant, inbox, extra):
    zipped(inbox / "March.zip", ("out/A.CSV", content()), *extra)
    report = run(plant)
    assert (report.counts.silver, report.warnings) == (3, ())
    assert stray_files(plant.settings) == ()


def test_a_zip_of_several_such_files_is_a_reject_and_one_of_others_is_named(plant, inbox):
    zipped(inbox / "two.zip", ("a.csv", content()), ("b.csv", content()))
    zipped(inbox / "letter.zip", ("a.docx", b"x"))
    (inbox / "torn.zip").write_bytes((inbox / "two.zip").read_bytes()[:60])
    report = run(plant)
    assert (report.counts.rows_in, report.counts.rejects) == (1, 1)
    (untaken,) = [facts for code, facts in report.warnings if code == "file_not_taken"]
    assert untaken["files"] == "letter.zip, torn.zip"
