"""Which texts look like times that no format reads, and what is said of them."""

import pytest

from lakeward.profiling.times import fitting_formats
from lakeward.profiling.unread_times import unread_times


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-03-01 01:00:00 下午", "AM and PM"),
        ("2026年3月1日 上午6:05", "AM and PM"),
        ("2026/3/1 下午1:00:00", "AM and PM"),
        ("1/3/2026 1:00 p.m.", "AM and PM"),
        ("01-Mär-2026 06:00", "names of months"),
        ("1. März 2026 06:00", "names of months"),
        ("01-Mai-2026", "names of months"),
        ("5 de mayo de 2026", "names of months"),
        ("Sun Mar  1 06:00:00 2026", "none of days"),
        ("So, 01.03.2026 06:00", "none of days"),
        ("2026-03-01 06:00:00 CET", "name of a zone"),
        ("01.03.2026 06:00 MEZ", "name of a zone"),
        ("2026-03-01 06:00 GMT+8", "name of a zone"),
        ("2026-03-01 06:00 Asia/Shanghai", "name of a zone"),
        ("Sun Mar 1 06:00:00 CET 2026", "name of a zone"),
        ("2026-03-01 24:00:00", "hour 24"),
        ("Mar 1 06:00:00", "year"),
        ("01-MAR-26 06.00.00.000000 AM", "no timeFormat"),
        ("20260301T060000Z", "no timeFormat"),
        ("06:00:00", "joins"),
        ("6:00 PM", "joins"),
    ],
)
def test_a_time_that_no_format_reads_is_named_with_what_it_lacks(text, said):
    assert fitting_formats([text] * 9, 0.9) == ()
    assert said in (unread_times([text] * 9) or "")


def test_two_forms_in_one_column_are_named():
    assert "nine in ten" in (unread_times(["2026-03-01 06:00:00", "01.03.2026 06:00"] * 5) or "")


@pytest.mark.parametrize(
    "text",
    [
        "ok",
        "M-01",
        "1.2.10",
        "01234567",
        "12-34-5678",
        "138-0013-8000",
        "192.168.1.10",
        "3 Mar",
        "may 3 pumps",
        "12:30-14:00",
        "2026-03-01-007",
    ],
)
def test_other_texts_are_no_times(text):
    assert unread_times([text] * 9) is None


def test_no_texts_are_no_times():
    assert unread_times([]) is None


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("2026年3月1日 06时00分00秒", "%Y年%m月%d日 %H时%M分%S秒"),
        ("2026年3月1日6时5分", "%Y年%m月%d日%H时%M分"),
        ("2026/3/1 6時", "%Y/%m/%d %H時"),
        ("March 1, 2026 06:00", "%B %d, %Y %H:%M"),
        ("Mar 1, 2026 06:00:00 PM", "%b %d, %Y %I:%M:%S %p"),
        ("2026-03-01 1:00:00PM", "%Y-%m-%d %I:%M:%S%p"),
    ],
)
def test_chinese_and_english_forms_have_a_format(text, pattern):
    assert pattern in [found for _, found in fitting_formats([text] * 9, 0.9)]
