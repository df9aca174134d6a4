"""The list of renamings of a project: read, and refused where a line is missing."""

import pytest

from lakeward.contracts.renames import RENAMES_FILE, read_renames, renames_text
from lakeward.core.dataset_names import NOT_RENAMED, NameHistory
from lakeward.core.errors import SettingsError


def written(root, text):
    (root / RENAMES_FILE).parent.mkdir()
    (root / RENAMES_FILE).write_text(text)
    return root


def test_what_is_written_is_read(tmp_path):
    names = NameHistory.after([("a", "b"), ("b", "c"), ("x", "a1"), ("a1", "x")])
    assert read_renames(written(tmp_path, renames_text(names))) == names
    assert read_renames(tmp_path / "elsewhere") is NOT_RENAMED


@pytest.mark.parametrize(
    ("entries", "entry"),
    [
        ("{from: a, to: b}, {from: a, to: c}", 2),  # a is b by then
        ("{from: a, to: b}, {from: c, to: a}", 2),  # a is taken for ever
        ("{from: a, to: b}, {from: c, to: b}", 2),
        ("{from: a, to: a}", 1),
        ("{from: a}", 1),
        ("{from: A, to: b}", 1),
        ("a", 1),
    ],
)
def test_a_line_that_does_not_follow_is_refused(tmp_path, entries, entry):
    with pytest.raises(SettingsError) as refused:
        read_renames(written(tmp_path, f"renames: [{entries}]"))
    assert (refused.value.code, refused.value.facts["entry"]) == ("renames_not_valid", entry)
