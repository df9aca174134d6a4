"""Texts of people in reports and on terminals: shown as they are, and never obeyed."""

import pytest

from lakeward.core.plain_text import escape_markdown, find_control, show_plain


@pytest.mark.parametrize(("text", "place"), [("a\x1b[2J", 2), ("\x00", 1), ("ok\r", 3), ("a\u202eb", 2), ("\udce9", 1)])
def test_control_characters_are_found_and_shown_as_a_sign(text: str, place: int) -> None:
    assert find_control(text) == place
    assert "\ufffd" in show_plain(text)
    assert find_control(show_plain(text)) is None


@pytest.mark.parametrize("text", ["", "one\ntwo\tthree\r\n", "温度 25 °C – 100 %", "👩‍🔧"])
def test_tabs_line_ends_and_every_script_are_none(text: str) -> None:
    assert find_control(text) is None
    assert show_plain(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<script>", r"\<script\>"),
        ("# head\n  - item\n1. first\n---|---", "\\# head\n\\- item\n1\\. first\n\\---\\|---"),
        ("silver.press_line 2026-03-02 1.5", "silver.press_line 2026-03-02 1.5"),
        ("_a_ *b* [c](d) `e` &lt;", r"\_a\_ \*b\* \[c\](d) \`e\` \&lt;"),
    ],
)
def test_markdown_shows_a_text_and_does_not_obey_it(text: str, shown: str) -> None:
    assert escape_markdown(text) == shown
