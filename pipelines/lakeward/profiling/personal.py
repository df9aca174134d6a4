"""Detects columns that could be personal, whose values must not be in a draft (docs/explanation/laws.md, 6).

Cautious, and independent of grading, which has better detectors.
"""

import re
from collections.abc import Sequence

# Least share of values: texts can contain a phone number here and there.
SHARE = 0.05

_NAMES = re.compile(
    r"(?<![a-z])(name|phone|mobile|tel|e?mail|address|passport|birth\w*|operator|technician|worker|employee|staff|person|user|driver|inspector)(?![a-z])"
    r"|姓名|人员|员工|工人|电话|手机|身份证|证件|邮箱|地址|生日|操作员|操作工|检修人|负责人|班长|工号|联系",
    re.IGNORECASE,
)
_VALUES = re.compile(
    r"(?<!\d)1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)"  # mobile number in China
    r"|(?<!\d)[1-9]\d{16}[\dXx](?![\dXx])"  # citizen's number, GB 11643
    r"|[\w.+-]+@[\w-]+\.\w+"
)


def looks_personal(header: str, values: Sequence[str]) -> bool:
    """Whether the column's name, or some of its values, look personal."""
    if _NAMES.search(header.replace("_", " ")):
        return True
    matches = sum(1 for value in values if _VALUES.search(value))
    return matches > SHARE * len(values)
