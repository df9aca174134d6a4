"""Which files a compaction takes: small ones, enough of them, of one partition, and no more than a commit's worth."""

import pytest

from lakeward.engines.delta.compacting import FEWEST, MOST_BYTES, MOST_FILES, SMALL, TARGET, bins_of
from lakeward.engines.delta.stored_files import StoredFile


def files(count, size=1, day=None):
    return [StoredFile(f"{day}-{number}", size, 1, {"_day": day} if day else {}) for number in range(count)]


def counts(found):
    return [len(each.files) for each in found]


def test_fewer_than_are_worth_it_are_left():
    assert bins_of(files(FEWEST - 1)) == []
    assert counts(bins_of(files(FEWEST))) == [FEWEST]


def test_large_files_stay_as_they_are():
    assert bins_of(files(100, SMALL)) == []
    assert counts(bins_of(files(100, SMALL) + files(FEWEST, SMALL - 1))) == [FEWEST]


def test_files_of_two_partitions_never_become_one():
    assert bins_of(files(FEWEST - 1, day="a") + files(FEWEST - 1, day="b")) == []
    found = bins_of(files(FEWEST, day="a") + files(FEWEST, day="b"))
    assert [{file.partition["_day"] for file in each.files} for each in found] == [{"a"}, {"b"}]


@pytest.mark.parametrize("size", [1, 1000, TARGET // 100, SMALL - 1])
def test_a_bin_is_no_larger_than_the_target_and_a_commit_than_its_bound(size):
    found = bins_of(files(3 * MOST_FILES, size))
    assert found
    assert all(sum(file.size for file in each.files) <= TARGET and len(each.files) >= FEWEST for each in found)
    assert sum(counts(found)) <= MOST_FILES
    assert sum(file.size for each in found for file in each.files) <= MOST_BYTES


def test_files_are_taken_in_the_order_in_which_they_came():
    found = bins_of(files(50, SMALL - 1))
    assert [file.path for each in found for file in each.files] == [f"None-{number}" for number in range(sum(counts(found)))]
