"""Which files a compaction takes: small ones, enough of them, of one partition, and no more than a commit's worth."""

import pytest

from lakeward.engines.delta.compaction import MAX_BYTES, MAX_FILES, MIN_FILES, SMALL_FILE_BYTES, TARGET_FILE_BYTES, choose_bins
from lakeward.engines.delta.stored_files import StoredFile


def files(count, size=1, day=None):
    return [StoredFile(f"{day}-{number}", size, 1, {"_day": day} if day else {}) for number in range(count)]


def counts(found):
    return [len(each.files) for each in found]


def test_fewer_than_are_worth_it_are_left():
    assert choose_bins(files(MIN_FILES - 1)) == []
    assert counts(choose_bins(files(MIN_FILES))) == [MIN_FILES]


def test_large_files_stay_as_they_are():
    assert choose_bins(files(100, SMALL_FILE_BYTES)) == []
    assert counts(choose_bins(files(100, SMALL_FILE_BYTES) + files(MIN_FILES, SMALL_FILE_BYTES - 1))) == [MIN_FILES]


def test_files_of_two_partitions_never_become_one():
    assert choose_bins(files(MIN_FILES - 1, day="a") + files(MIN_FILES - 1, day="b")) == []
    found = choose_bins(files(MIN_FILES, day="a") + files(MIN_FILES, day="b"))
    assert [{file.partition["_day"] for file in each.files} for each in found] == [{"a"}, {"b"}]


@pytest.mark.parametrize("size", [1, 1000, TARGET_FILE_BYTES // 100, SMALL_FILE_BYTES - 1])
def test_a_bin_is_no_larger_than_the_target_and_a_commit_than_its_bound(size):
    found = choose_bins(files(3 * MAX_FILES, size))
    assert found
    assert all(sum(file.size for file in each.files) <= TARGET_FILE_BYTES and len(each.files) >= MIN_FILES for each in found)
    assert sum(counts(found)) <= MAX_FILES
    assert sum(file.size for each in found for file in each.files) <= MAX_BYTES


def test_files_are_taken_in_the_order_in_which_they_came():
    found = choose_bins(files(50, SMALL_FILE_BYTES - 1))
    assert [file.path for each in found for file in each.files] == [f"None-{number}" for number in range(sum(counts(found)))]
