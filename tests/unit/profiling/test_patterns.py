"""The fixed form of identifiers."""

import re

import pytest

from lakeward.profiling.patterns import fixed_form
from lakeward.profiling.personal import looks_personal


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (["M-001", "M-117"], r"^M\-[0-9]{3}$"),
        (["L1.TT.7", "L2.PT.12"], r"^L[0-9]{1}\.[A-Z]{2}\.[0-9]{1,2}$"),
        (["设备12", "泵3"], "^[一-鿿]{1,2}[0-9]{1,2}$"),
    ],
)
def test_identifiers_of_one_form_have_a_pattern(values, form):
    assert fixed_form(values) == form
    assert all(re.fullmatch(form, value) for value in values)


def test_two_kinds_of_identifiers_are_two_forms_but_one_stray_is_none():
    kinds = [f"M-{n:03}" for n in range(20)] + [f"TT{n}" for n in range(10, 20)]
    assert fixed_form(kinds) == r"^(M\-[0-9]{3}|TT[0-9]{2})$"
    assert fixed_form([*kinds[:20], "TT10"]) is None


@pytest.mark.parametrize(
    "values", [["M-001"], ["M-001", "M001"], ["abc", "xyz"], ["pump 1 leaks", "pump 2 leaks"], ["1" * 41, "2"], []]
)
def test_texts_without_a_common_form_have_none(values):
    assert fixed_form(values) is None


@pytest.mark.parametrize("header", ["technician", "Operator_Name", "mobile", "E-mail", "姓名", "联系电话"])
def test_a_name_of_a_persons_attribute_is_personal(header):
    assert looks_personal(header, [])


@pytest.mark.parametrize("values", [["13800138000"], ["11010519491231002X"], ["call a.b@example.com", "x"]])
def test_values_that_name_a_person_are_personal(values):
    assert looks_personal("remark", values)


def test_a_tag_is_not_personal():
    assert not looks_personal("temperature", ["21.5", "2026-03-01"])
    assert not looks_personal("hostname_x", ["M-1"])
