import re

import duckdb
import pytest

from lakeward.quality.patterns import to_re2

SUBJECTS = [
    "",
    "a",
    "ab\n",
    "a\nb",
    "中文",
    "٣",
    "a-1_b",
    "[x]",
    "a]b",
    "x.y",
    "\u2003",
    "A1",
    "é",
    "a^b",
    "13800138000",
    "a\\b",
    "&&",
    "½",
]
PATTERNS = [
    r"^\w+$", r"\d", r"^\D+$", r"\s", r"^\S*$", r"\W", r"[\w-]+$", r"^[^\d]*$", r"a.b", r"(?s)a.b", r"(?i)a1", r"^(?:a|b)",
    r"^(?P<x>a)", r"[]x]", r"[^]x]", r"[a[]", r"\.", r"\\", r"\x41", r"[\u4e00-\u9fff]", r"\u4e2d", r"b\Z", r"b$", r"^1[3-9]\d{9}$", r"[a^]",
    r"[&]", r"\[x\]", r"",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_finds_the_same_here_and_in_python(pattern):
    translated = to_re2(pattern)
    con = duckdb.connect()
    found = [con.execute("SELECT regexp_matches(?, ?)", [subject, translated]).fetchone()[0] for subject in SUBJECTS]
    assert found == [re.search(pattern, subject) is not None for subject in SUBJECTS]


@pytest.mark.parametrize(
    "pattern", [r"a(?=b)", r"(?<!a)b", r"(a)\1", r"(?P<x>a)(?P=x)", r"\bword", r"(?x)a b", r"[\W]", r"(?>a)", r"a++", r"(?#c)a"]
)
def test_what_re2_can_not_say_is_left_to_great_expectations(pattern):
    assert to_re2(pattern) is None
