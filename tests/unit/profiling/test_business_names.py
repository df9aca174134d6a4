"""Names for people that headers propose."""

import pytest

from lakeward.contracts.glossary import Glossary, Term, TermState
from lakeward.contracts.model import DataType, Kind
from lakeward.core.messages import Lang
from lakeward.profiling.business_names import business_name_lines, header_words
from lakeward.profiling.findings import ColumnProfile

MACHINE = Term(
    id="machine",
    names={Lang.EN: "Machine", Lang.ZH: "设备"},
    definitions={Lang.EN: "One press.", Lang.ZH: "单台压机。"},
    owner="li.wei",
    state=TermState.APPROVED,
    synonyms=("asset no", "机台"),
)


def lines(header: str, glossary: Glossary | None = None, **more: object) -> list[str]:
    column = ColumnProfile(
        source_name=header,
        name="x",
        type=DataType(Kind.STRING),
        time_format=None,
        rival_formats=(),
        filled=1,
        converted=1,
        **more,
    )
    return [line.strip() for line in business_name_lines(column, glossary or Glossary())]


@pytest.mark.parametrize(
    ("header", "has_unit", "words"),
    [
        ("OrderNo", False, "Order No"),
        ("order_no", False, "Order no"),
        ("温度(℃)", True, "温度"),
        ("温度（℃）", True, "温度"),
        ("Temp (degC)", True, "Temp"),
        ("状态(A相)", False, "状态(A相)"),
        ("column_3", False, ""),
        ("列3", False, ""),
        ("7", False, ""),
    ],
)
def test_a_header_is_read_as_words(header, has_unit, words):
    assert header_words(header, has_unit=has_unit) == words


def test_a_guess_says_where_it_comes_from_and_what_it_lacks():
    assert lines("温度") == ['businessName: "温度"      # the words of the header; add the English name: English / 中文']
    assert "add the Chinese name" in lines("order_no")[0]
    assert lines("date time", joined_names=("date", "time")) == []


def test_a_header_that_is_a_synonym_gets_both_languages_and_the_term():
    for header in ("机台", "Asset_No", "MACHINE"):
        name, reference = lines(header, Glossary({"machine": MACHINE}))
        assert name.startswith('businessName: "Machine / 设备"      # proposed:')
        assert "expectations/glossary.yaml#machine" in reference
    assert len(lines("other", Glossary({"machine": MACHINE}))) == 1


def test_texts_of_headers_stay_texts():
    assert lines("a: b # c")[0].startswith(("businessName: 'A: b # c'", 'businessName: "A: b # c"'))
