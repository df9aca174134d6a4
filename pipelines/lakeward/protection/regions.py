"""SQL of the region of an address or of a code by GB/T 2260: province, city or district, and never a street."""

import functools
from importlib import resources

import yaml

from lakeward.contracts.bands import RegionLevel
from lakeward.core.sql import literal

CATALOGUE = "regions_gbt_2260_2007.yaml"
# Digits of a code that stay, of six.
_DIGITS = {RegionLevel.PROVINCE: 2, RegionLevel.CITY: 4, RegionLevel.DISTRICT: 6}
# Codes of six digits, of nine or twelve (with towns and villages), and resident numbers, which begin with one.
_CODE = "[0-9]{6}(?:[0-9]{3}|[0-9]{6}|[0-9]{9}|[0-9]{11}[0-9Xx])?"
_SPACES = r"[\s\p{Z}]+"
# Characters of no name of a city or district here: an address that goes on with one ends in front of it.
_STOPS = r"省市区县旗盟路街道巷弄胡村镇乡庄号栋幢座室0-9０-９\s,，;；()（）"
_CITY = rf"[^{_STOPS}]{{1,12}}?(?:自治州|地区|[市盟])"
# An estate, a school's or a works' ground is no district.
_DISTRICT = rf"[^{_STOPS}]{{0,14}}[^{_STOPS}小社校厂院库营花](?:自治[县旗]|[区县旗市])"


@functools.cache
def provinces() -> dict[str, str]:
    """Name by the two digits of a province, from the catalogue."""
    file = resources.files("lakeward") / "expectations" / "catalogues" / CATALOGUE
    found = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)["provinces"]
    return {code: entry["name"] for code, entry in found.items()}


def region(text: str, level: RegionLevel) -> str:
    """The region of `text`, or NULL where none is found: then nothing of it may be shown.

    Args:
        text: SQL of a text.
    """
    plain = f"regexp_replace({text}, {literal(_SPACES)}, '', 'g')"
    digits, known = _DIGITS[level], ", ".join(map(literal, provinces()))
    is_code = f"regexp_full_match({plain}, {literal(_CODE)}) AND left({plain}, 2) IN ({known})"
    code = f"left({plain}, {digits}) || {literal('0' * (6 - digits))}"
    return f"CASE WHEN {is_code} THEN {code} ELSE nullif(regexp_extract({plain}, {literal(_address_pattern(level))}, 1), '') END"


def _address_pattern(level: RegionLevel) -> str:
    """The beginning of an address, up to `level` or to the last one above it that is named."""
    names = sorted({each for name in provinces().values() for each in (name, _short_name(name))}, key=len, reverse=True)
    parts = f"(?:{'|'.join(names)})(?:[省市]|自治区)?"
    if level is not RegionLevel.PROVINCE:
        parts += f"(?:{_CITY})?"
    parts += f"(?:{_DISTRICT})?" if level is RegionLevel.DISTRICT else ""
    return f"^(?:中国|中华人民共和国)?({parts})"


def _short_name(name: str) -> str:
    for end in ("维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "特别行政区", "省", "市"):
        if name.endswith(end):
            return name.removesuffix(end)
    return name
