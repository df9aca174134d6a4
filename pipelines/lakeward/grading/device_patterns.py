"""Patterns of vehicles, devices, addresses in networks, places and documents, as SQL over one column `t`; see `patterns`."""

from collections.abc import Mapping

from lakeward.core.sql import literal
from lakeward.grading.pattern import Pattern, full_match, luhn, weighted_sum

# ISO 3779: no I, O, Q; the last four are digits, and the tenth (year) is none of U, Z, 0.
_VIN = "[A-HJ-NPR-Z0-9]{9}[A-HJ-NPR-TV-Y1-9][A-HJ-NPR-Z0-9]{3}[0-9]{4}"
# GB 16735: letters by their value, and the weight of each place; the ninth is the check itself.
_VIN_LETTERS, _VIN_VALUES = "ABCDEFGHJKLMNPRSTUVWXYZ", "12345678123457923456789"
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_VIN_CHECKS = "0123456789X"
# Reporting bodies that gave out type approvals: the first two digits of an IMEI (GSMA TS.06).
_REPORTING_BODIES = "01|10|30|33|35|44|45|49|5[0-4]|86|91|9[89]"
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_HEX = "[0-9A-Fa-f]"
_IPV6 = rf"(?:{_HEX}{{1,4}}:){{7}}{_HEX}{{1,4}}|{_HEX}{{1,4}}(?::{_HEX}{{1,4}}){{0,5}}::(?:{_HEX}{{1,4}}:){{0,5}}(?:{_HEX}{{1,4}})?|::1"
# Places with about ten metres or finer; the corners of China in degrees.
_DEGREES = r"[+-]?[0-9]{1,3}\.[0-9]{4,}"
_SOUTH, _NORTH, _WEST, _EAST = 3.8, 53.6, 73.4, 135.1
_PAIR = rf"\(?{_DEGREES}\s*[,，;\s]\s*{_DEGREES}\)?"
_AXIS = "(?i:latitude|longitude|lat|lng|lon)|北纬|南纬|东经|西经|纬度|经度"
_LABELLED = rf"""(?:{_AXIS})["']?\s*[:：=]?\s*[+-]?[0-9]{{1,3}}\.[0-9]{{3,}}"""
_ARC = r"[0-9]{1,3}°\s*[0-9]{1,2}['′](?:\s*[0-9]{1,2}(?:\.[0-9]+)?[\"″])?\s*[NSEWnsew]?"
_WKT = rf"(?i:point|linestring|polygon|multi[a-z]+)\s*(?i:zm|z|m)?\s*\(+\s*{_DEGREES}\s+{_DEGREES}.*"
_PASSPORT = "E[0-9A-HJ-NP-Z][0-9]{7}|[DGPS][0-9]{8}|1[45][0-9]{7}|[HM][0-9]{8,10}"
_PASSPORT_TEXT = rf"""(?:护照|(?i:passport))(?:号码?|(?i:\s?no\.?|\s?number))?["']?\s*[:：]?\s*["']?(?:{_PASSPORT})"""
_HOUSEHOLD_TEXT = r"""(?:户号|户口簿号?)["']?\s*[:：]?\s*["']?[0-9]{9,18}"""

# Parts of free text that can be candidates, and that letters and digits alone do not make.
TOKENS = "|".join(
    (
        *(_PASSPORT_TEXT, _HOUSEHOLD_TEXT, _LABELLED, _PAIR, _ARC),
        *(rf"{_HEX}{{2}}(?:[:-]{_HEX}{{2}}){{5,}}", rf"\b{_HEX}{{4}}\.{_HEX}{{4}}\.{_HEX}{{4}}\b"),
        *(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3,}", _IPV6),
    )
)


def device_patterns() -> Mapping[str, Pattern]:
    """Every pattern of this module, by detector."""
    return {
        "vin": Pattern(full_match(_VIN, "upper(t)"), f"{full_match('.*[A-Z].*', 'upper(t)')} AND {_vin_check()}"),
        "vin_unchecked": Pattern(full_match(_VIN, "upper(t)"), full_match(".*[A-Z].*", "upper(t)")),
        "imei": Pattern(full_match("[0-9]{15}"), f"{full_match(f'(?:{_REPORTING_BODIES})[0-9]{{13}}')} AND {luhn()}"),
        "mac": Pattern(full_match(rf"(?:{_HEX}{{2}}[:-]){{5}}{_HEX}{{2}}|(?:{_HEX}{{4}}\.){{2}}{_HEX}{{4}}"), _unicast()),
        "mac_plain": Pattern(full_match(f"{_HEX}{{12}}"), _unicast()),
        "ip": Pattern(full_match(rf"{_OCTET}(?:\.{_OCTET}){{3}}|{_IPV6}"), _host()),
        "coordinates": Pattern(full_match(f"{_PAIR}|{_LABELLED}|{_ARC}|{_WKT}"), _place()),
        "coordinate": Pattern(full_match(r"[+-]?[0-9]{1,3}\.[0-9]+"), _degrees()),
        "passport": Pattern(full_match("[A-Za-z0-9]{9,11}"), full_match(_PASSPORT, "upper(t)")),
        "passport_text": Pattern(full_match(_PASSPORT_TEXT), "TRUE"),
        "household": Pattern(full_match("[0-9]{9,18}"), "TRUE"),
        "household_text": Pattern(full_match(_HOUSEHOLD_TEXT), "TRUE"),
    }


def _vin_check() -> str:
    place = "substr(upper(t), {0}, 1)"
    value = f"TRY_CAST(translate({place}, {literal(_VIN_LETTERS)}, {literal(_VIN_VALUES)}) AS INTEGER)"
    total = weighted_sum(_VIN_WEIGHTS, value)
    return f"substr({literal(_VIN_CHECKS)}, 1 + ({total}) % 11, 1) = {place.format(9)}"


def _unicast() -> str:
    """The second hexadecimal digit is even for one device, odd for a group; twelve zeros are none."""
    return f"{full_match(f'{_HEX}[02468ACEace].*')} AND NOT {full_match('[0:.-]+')}"


def _host() -> str:
    """Versions and numbers of clauses look alike: they have small numbers outside of the private networks."""
    octets = [f"TRY_CAST(split_part(t, '.', {place}) AS INTEGER)" for place in range(1, 5)]
    private = full_match(r"10\..*|192\.168\..*|172\.(?:1[6-9]|2[0-9]|3[01])\..*|169\.254\..*")
    return f"strpos(t, ':') > 0 OR {private} OR ({octets[0]} > 0 AND greatest({', '.join(octets)}) >= 64)"


def _place() -> str:
    """A pair of plain numbers counts inside China only; with a word, degrees and minutes, or as WKT anywhere."""
    pair = literal(rf"({_DEGREES})\s*[,，;\s]\s*({_DEGREES})")
    first, second = (f"TRY_CAST(regexp_extract(t, {pair}, {place}) AS DOUBLE)" for place in (1, 2))
    latitude, longitude = f"BETWEEN {_SOUTH} AND {_NORTH}", f"BETWEEN {_WEST} AND {_EAST}"
    inside = f"({first} {latitude} AND {second} {longitude}) OR ({first} {longitude} AND {second} {latitude})"
    return f"NOT {full_match(_PAIR)} OR {inside}"


def _degrees() -> str:
    """At least three decimals, a hundred metres, after zeros at the end are taken away."""
    fine = full_match(r"[+-]?[0-9]{1,3}\.[0-9]{3,}", "rtrim(t, '0')")
    return f"abs(TRY_CAST(t AS DOUBLE)) <= 180 AND {fine}"
