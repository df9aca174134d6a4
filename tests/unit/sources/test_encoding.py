"""Which encoding a file is in."""

import pytest

from lakeward.sources.sniff import guess_encoding

CHINESE = "时间;温度;备注\n2026-03-01 06:00;21,5;正常，无异常\n"


@pytest.mark.parametrize(
    ("text", "codec", "guess"),
    [
        ("a,b\n1,2\n", "ascii", "utf-8"),
        (CHINESE, "utf-8", "utf-8"),
        (CHINESE, "utf-8-sig", "utf-8-sig"),
        (CHINESE, "utf-16", "utf-16"),
        ("Time;Temp\n2026-03-01;21\n" * 5, "utf-16-le", "utf-16-le"),
        ("Time;Temp\n2026-03-01;21\n" * 5, "utf-16-be", "utf-16-be"),
        (CHINESE, "gbk", "gb18030"),
        (CHINESE + "𠮷", "gb18030", "gb18030"),
        ("Temp °C;Größe\n21;groß\n", "latin-1", "latin-1"),
        ("Zeit;Temp [°C]\n1;2\n", "latin-1", "latin-1"),
        ("ts,Temp(℃)\n1,2\n", "gbk", "gb18030"),
        ("ts,Wind(°)\n1,2\n", "gbk", "gb18030"),
        ("溫度\n1\n", "big5", "big5"),
        ("時間,溫度(℃),備註\n1,2,正常\n", "big5", "big5"),
        ("Température;Débit\n1;2\n", "latin-1", "latin-1"),
        ("", "ascii", "utf-8"),
    ],
)
def test_the_encoding_is_told_by_mark_validity_and_plausibility(tmp_path, text, codec, guess):
    (tmp_path / "a").write_bytes(text.encode(codec))
    assert guess_encoding(tmp_path / "a") == guess


def test_a_late_chinese_word_is_not_overlooked(tmp_path):
    (tmp_path / "a").write_bytes(b"a,b\n1,2\n" * 200_000 + "停机".encode("gbk"))
    assert guess_encoding(tmp_path / "a") == "gb18030"
