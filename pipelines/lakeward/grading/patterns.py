"""Patterns and check digits of personal and other numbers, as SQL over one column `t`.

Each pattern has a shape (candidates) and a check (valid ones). Only SQL functions: no value reaches Python.
A check can be applied to any text: texts without the shape are not checked.
"""

from collections.abc import Mapping

from lakeward.core.sql import literal
from lakeward.grading.device_patterns import TOKENS, device_patterns
from lakeward.grading.pattern import Pattern, digit_at, full_match, luhn, weighted_sum

# Abbreviations of provinces on licence plates; letters of a plate, without I and O (GA 36-2018).
_PROVINCE = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_LETTER = "A-HJ-NP-Z"
# Surnames of nine in ten Chinese people, and compound ones in use.
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦"
    "付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟申欧耿关兰焦俞左柳祝"
)
_COMPOUND = "欧阳|上官|司马|诸葛|司徒|夏侯|皇甫|尉迟|公孙|慕容|令狐|端木"
_HAN = r"\x{4e00}-\x{9fa5}"

# First two digits of administrative divisions (GB/T 2260).
_PROVINCES = "1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[123]"
# Visa and Mastercard, of 16 digits.
_ISSUERS = "4[0-9]{15}|5[1-5][0-9]{14}|2[2-7][0-9]{14}"

# Symbols of a unified social credit code, valued by place; no I, O, S, V, Z (GB 32100-2015).
_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_USCC_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)  # GB 11714-1997
# Who registers and what kind of body, its region (10: the whole country), nine symbols of the organisation and one to check.
_CREDIT_CODE = rf"[1-9ANY][1-59](?:10|{_PROVINCES})[0-9]{{4}}[{_USCC}]{{10}}"
# ISO 7064 MOD 11-2, as GB 11643-1999 uses it.
_RESIDENT_WEIGHTS = tuple(pow(2, power, 11) for power in range(17, 0, -1))
_RESIDENT_CHECKS = "10X98765432"
_EMAIL = r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}"
_PLATE = rf"[{_PROVINCE}][{_LETTER}][{_LETTER}0-9]{{4,6}}[挂学警港澳]?"

# Parts of free text that can be candidates: an address, a plate, a place, or a run of letters and digits between other characters.
TOKEN = rf"{_EMAIL}|{_PLATE}|{TOKENS}|[0-9A-Za-z]+"


def normalise(text: str) -> str:
    """SQL: `text` trimmed, digits in half width, and the groups of phone and card numbers joined."""
    plain = f"translate(trim({text}), '０１２３４５６７８９－＠', '0123456789-@')"
    phones = rf"regexp_replace({plain}, '\b(1[3-9][0-9])[- ]([0-9]{{4}})[- ]([0-9]{{4}})\b', '\1\2\3', 'g')"
    home = rf"regexp_replace({phones}, '(?:\(?(?:\+|00)86\)?[- ]*|\b86[- ]+)(1[3-9][0-9]{{9}})\b', '\1', 'g')"
    return rf"regexp_replace({home}, '\b([0-9]{{4}})[- ]([0-9]{{4}})[- ]([0-9]{{4}})[- ]([0-9]{{4}})(?:[- ]([0-9]{{1,3}}))?\b', '\1\2\3\4\5', 'g')"


def patterns() -> Mapping[str, Pattern]:
    """Every pattern, by detector."""
    return {
        "resident_id": Pattern(full_match("[0-9]{17}[0-9Xx]"), _resident()),
        "resident_id_15": Pattern(full_match("[0-9]{15}"), _old_resident()),
        "bank_card": Pattern(full_match("[0-9]{16,19}"), f"{full_match('62[0-9]{14,17}')} AND {luhn()}"),
        "payment_card": Pattern(full_match("[0-9]{16}"), f"{full_match(_ISSUERS)} AND {luhn()}"),
        "mobile": Pattern(
            full_match(r"(?:\+?86|0086)?[0-9]{11}"),
            full_match(r"(?:\+?86|0086)?1(?:3[0-9]|4[5-9]|5[0-35-9]|6[2567]|7[0-8]|8[0-9]|9[0-35-9])[0-9]{8}"),
        ),
        "person_name": Pattern(
            full_match(rf"[{_HAN}]{{2,4}}"), full_match(rf"(?:{_COMPOUND})[{_HAN}]{{1,2}}|[{_SURNAMES}][{_HAN}]{{1,2}}")
        ),
        "address": Pattern(full_match(rf".{{0,20}}[{_HAN}]{{2,}}.*|[0-9]+[A-Za-z]? .+"), _address()),
        "email": Pattern("strpos(t, '@') > 0", full_match(_EMAIL)),
        "licence_plate": Pattern(full_match(_PLATE), _plate()),
        "credit_code": Pattern(
            full_match(f"[{_USCC}]{{18}}", "upper(t)"),
            f"{full_match(_CREDIT_CODE, 'upper(t)')} AND {_uscc()} AND {_organisation()}",
        ),
        **device_patterns(),
    }


def _symbol(alphabet: str, offset: int = 0) -> str:
    shifted = f"{{0}} + {offset}" if offset else "{0}"
    return f"(strpos({literal(alphabet)}, substr(upper(t), {shifted}, 1)) - 1)"


def _resident() -> str:
    born = "try_strptime(substr(t, 7, 8), '%Y%m%d')"
    total = weighted_sum(_RESIDENT_WEIGHTS, digit_at())
    check = f"upper(substr(t, 18, 1)) = substr({literal(_RESIDENT_CHECKS)}, 1 + ({total}) % 11, 1)"
    return f"{born} BETWEEN TIMESTAMP '1900-01-01' AND CAST(current_date AS TIMESTAMP) AND {check}"


def _old_resident() -> str:
    """Six digits of a region, a day of the years from 1900, three digits of order: there is no check digit (GB 11643-1989)."""
    born = "try_strptime('19' || substr(t, 7, 6), '%Y%m%d')"
    return f"{full_match(f'(?:{_PROVINCES})[0-9]{{13}}')} AND {born} IS NOT NULL"


def _address() -> str:
    """A region, a street or village in it, and a number there; or a number before a street, as English has it."""
    chinese = rf".{{0,20}}[{_HAN}]{{2,}}[省市区县州盟旗].{{0,40}}[{_HAN}](?:路|街|道|巷|弄|胡同|村|镇|乡|庄|小区|新区|花园|大厦|公寓).{{0,20}}?[0-9零一二三四五六七八九十]+.{{0,4}}(?:号|栋|幢|座|室|单元|楼|组|队).*"
    english = r"[0-9]+[A-Za-z]? (?:[A-Z][\w.'-]* ){1,4}(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd|Way|Court|Ct)\b.*"
    return f"{full_match(chinese)} OR {full_match(english)}"


def _plate() -> str:
    small, large = f"[DFABCEGHJK][{_LETTER}0-9][0-9]{{4}}", "[0-9]{5}[DF]"
    ordinary = f"[{_LETTER}0-9]{{5}}|[{_LETTER}0-9]{{4}}[挂学警港澳]"
    head = f"[{_PROVINCE}][{_LETTER}]"
    # At most two letters among the last five: with more it is a model code.
    return (
        f"{full_match(f'{head}(?:{ordinary}|{small}|{large})')} AND length(regexp_replace(substr(t, 3), '[^0-9]', '', 'g')) >= 3"
    )


def _uscc() -> str:
    return f"(31 - ({weighted_sum(_USCC_WEIGHTS, _symbol(_USCC))}) % 31) % 31 = {_symbol(_USCC).format(18)}"


def _organisation() -> str:
    total = weighted_sum(_ORGANISATION_WEIGHTS, _symbol(_BASE36, offset=8))
    return f"substr(upper(t), 17, 1) = substr('0X987654321', 1 + ({total}) % 11, 1)"
