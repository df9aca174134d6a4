"""The ledger: numbers without holes, each given once."""

from datetime import UTC, datetime

import pytest

from lakeward.contracts.record_format import FileFormat
from lakeward.core.drop_folder import DeliveredFile
from lakeward.core.errors import InvariantError
from lakeward.core.names import sha256
from lakeward.sources.ledger import LandedFile, Ledger

NOW = datetime(2026, 3, 1, 6, tzinfo=UTC)


def landed_file(name, content=b"", mtime_ns=1):
    return LandedFile(DeliveredFile(name, len(content), mtime_ns), sha256(content), FileFormat.CSV, None)


def test_an_entry_comes_back_as_it_was_entered(tmp_path):
    ledger = Ledger(tmp_path / "ledger")
    one = LandedFile(DeliveredFile("线/a.csv", 3, 7), sha256(b"abc"), FileFormat.CSV, "file_not_text")
    assert ledger.record([one], NOW) == 1
    entry = ledger.read().entries[0]
    assert (entry.seq, entry.landed, entry.received) == (1, one, NOW)


def test_same_content_under_another_name_is_no_new_input(tmp_path):
    ledger = Ledger(tmp_path / "ledger")
    ledger.record([landed_file("a.csv", b"1"), landed_file("b.csv", b"1"), landed_file("c.csv", b"2")], NOW)
    assert ledger.record([landed_file("d.csv", b"2"), landed_file("e.csv", b"3")], NOW) == 1
    book = ledger.read()
    assert [entry.landed.file.name for entry in book.entries] == ["a.csv", "c.csv", "e.csv"]
    assert {delivery.name for delivery in book.duplicates} == {"b.csv", "d.csv"}


def test_what_is_known_writes_no_manifest(tmp_path):
    ledger = Ledger(tmp_path / "ledger")
    ledger.record([landed_file("a.csv", b"1")], NOW)
    assert ledger.record([landed_file("a.csv", b"1")], NOW) == 0
    assert ledger.read().manifests == 1


def test_a_removed_manifest_is_a_hole(tmp_path):
    ledger = Ledger(tmp_path / "ledger")
    for name in ("a", "b", "c"):
        ledger.record([landed_file(name, name.encode())], NOW)
    sorted(ledger.folder.iterdir())[1].unlink()
    with pytest.raises(InvariantError, match="expected number 2, found 3"):
        ledger.read()


def test_a_manifest_leaves_no_draft_behind(tmp_path):
    ledger = Ledger(tmp_path / "ledger")
    ledger.record([landed_file("a.csv", b"1")], NOW)
    assert [path.name for path in ledger.folder.iterdir()] == ["00000000000000000001.json"]
