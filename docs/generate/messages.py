"""The page of messages: every error and problem by its code, with the step that repairs it, in both languages."""

from importlib import resources

import yaml

from generate.markdown import code, page, table
from lakeward.core import messages as source

INTRODUCTION = """\
Each error, problem and reason has a code, which stays; texts may change. The code stands in `--json` answers (`reason`, `code`), in
`governance` tables and in the attribute `code` of an error in Python. `{…}` stands for a fact: a place, a name, a type, a count, never a value
of the data. Every entry ends with the step that repairs it.

每条错误与提示都有固定的代码，并附修复步骤；`{…}` 为位置、名称、类型、计数等事实，不含数据取值。"""


def messages() -> str:
    """The page, in Markdown."""
    files = sorted(
        (file for file in resources.files(source).iterdir() if file.name.endswith(".yaml")), key=lambda file: file.name
    )
    parts = []
    for file in files:
        entries = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {}
        rows = [(f'<a id="{name}"></a>{code(name)}', _text(entry)) for name, entry in entries.items() if "en_next" in entry]
        if rows:
            parts += [
                f"## {file.name.removesuffix('.yaml').replace('_', ' ').capitalize()}",
                table(("code", "text and repair"), rows),
            ]
    return page("Messages", "`lakeward/core/messages/*.yaml`", INTRODUCTION, *parts)


def _text(entry: dict[str, str]) -> str:
    return "\n".join(_plain(entry[key]) for key in ("en", "en_next", "zh", "zh_next"))


def _plain(text: str) -> str:
    """The text as it is read: what Markdown or HTML would take for its own is escaped, and how a fact is quoted is left out."""
    text = text.replace("!q}", "}")
    for sign, written in {
        "\\": "\\\\",
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        "*": "\\*",
        "_": "\\_",
        "`": "\\`",
        "[": "\\[",
        "]": "\\]",
    }.items():
        text = text.replace(sign, written)
    return text
