"""Two names are one person's where case, blanks, accents or look-alikes are all that tells them apart."""

import pytest

from lakeward.core.persons import is_person_name, is_same_person

ALIKE = [
    ("li", "li "),
    ("Li", "lI"),
    ("Li Wei", "li\u00a0 WEI"),
    ("Li-Wei", "Li.Wei"),
    ("L\u0456 Wei", "Li Wei"),  # Cyrillic i
    ("\u0441\u043e\u0441\u043e", "coco"),  # Cyrillic whole
    ("\u03bf", "o"),  # Greek
    ("Jos\u00e9", "Jose\u0301"),
    ("José", "jose"),
    ("\uff37ang", "wang"),
    ("\u1d21ang", "wang"),
    ("dotl\u0131ess", "dotliess"),
    ("\u0130van", "ivan"),
    ("STRASSE", "straße"),
    ("ﬁona", "Fiona"),
    ("l1", "li"),
    ("B0b", "Bob"),
    ("li\u200bwei", "li wei"),
    ("li\u202ewei", "liwei"),
    ("\u2f00", "\u4e00"),  # a radical, and the character
    ("张伟", "张\u3000伟"),
]


@pytest.mark.parametrize(("one", "other"), ALIKE, ids=ascii)
def test_names_that_look_alike_are_one_person(one: str, other: str) -> None:
    assert is_same_person(one, other)
    assert is_same_person(other, one)


@pytest.mark.parametrize(("one", "other"), [("li.wei", "li.fei"), ("张伟", "张玮"), ("张伟 10023", "张伟 10032"), ("wang", "王")])
def test_other_names_are_other_persons(one: str, other: str) -> None:
    assert not is_same_person(one, other)


@pytest.mark.parametrize("name", ["张伟 10023", "Wei Zhang", "张伟 (Wei)", "Иван Петров", "O'Neil", "李·伟"])
def test_a_person_can_be_told_by_a_written_name(name: str) -> None:
    assert is_person_name(name)


@pytest.mark.parametrize(
    "name", ["", " ", "123", "li ", "a\u200bb", "a\nb", "\u202eab", "L\u0456 Wei", "a\x00b", "x" * 101, "a\ud800"], ids=ascii
)
def test_a_name_that_hides_something_is_none(name: str) -> None:
    assert not is_person_name(name)
