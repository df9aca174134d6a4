"""SQL of the normal form of a text, by its category: spellings of one number get one token.

A form is part of what a token is: it may change only together with the generation of the keys of tokens.
"""

from lakeward.core.sql import literal

# Full-width forms of ASCII characters, and the space of the same width.
_WIDE = "".join(map(chr, range(0xFF01, 0xFF5F))) + "\u3000"
_NARROW = "".join(map(chr, range(0x21, 0x7F))) + " "
# Characters that only divide a number: spaces, invisible ones, hyphens, dots, brackets.
_DIVIDERS = r"[\s\p{Z}\p{Cf}\p{Pd}−.·()]"
_SPACES = r"[\s\p{Z}\p{Cf}]+"

# Texts that are in normal form already; most are, and only the others are looked at more closely.
_PLAIN = {
    "personal.phone": "1[3-9][0-9]{9}",
    "personal.resident_id": "[0-9]{17}[0-9X]",
    "personal.bank_card": "[0-9]{16,19}",
    "personal.name": r"[\x{4e00}-\x{9fa5}]+",
    "personal.email": "[a-z0-9._%+-]+@[a-z0-9.-]+",
    "enterprise.credit_code": "[0-9A-Z]{18}",
}


def normal_form(text: str, category: str) -> str:
    """The text in the category's normal form; as it is if the category has none.

    Args:
        text: SQL of a text.
    """
    forms = {
        "personal.phone": _phone,
        "personal.resident_id": _code,
        "personal.bank_card": _code,
        "personal.licence_plate": _code,
        "enterprise.credit_code": _code,
        "personal.email": _email,
        "personal.name": _name,
        "personal.address": _address,
    }
    if category not in forms:
        return text
    found = forms[category](f"translate(nfc_normalize({text}), {literal(_WIDE)}, {literal(_NARROW)})")
    plain = _PLAIN.get(category)
    return f"CASE WHEN regexp_full_match({text}, {literal(plain)}) THEN {text} ELSE {found} END" if plain else found


def _phone(narrow: str) -> str:
    """Digits; a mobile number without 86 or a zero in front, a landline with its zero."""
    whole = rf"regexp_replace({narrow}, '^\s*([0-9]+)\.0+\s*$', '\1')"
    digits = f"regexp_replace({whole}, {literal(_DIVIDERS)}, '', 'g')"
    mobile = rf"regexp_replace({digits}, '^(?:(?:\+|00)?86|0)?(1[3-9][0-9]{{9}})$', '\1')"
    return rf"regexp_replace({mobile}, '^(?:\+|00)86([1-9][0-9]{{8,10}})$', '0\1')"


def _email(narrow: str) -> str:
    return f"lower({_address(narrow)})"


def _address(narrow: str) -> str:
    return f"regexp_replace({narrow}, {literal(_SPACES)}, '', 'g')"


def _code(narrow: str) -> str:
    whole = rf"regexp_replace({narrow}, '^\s*([0-9]+)\.0+\s*$', '\1')"
    return f"upper(regexp_replace({whole}, {literal(_DIVIDERS)}, '', 'g'))"


def _name(narrow: str) -> str:
    """Chinese names without spaces; others in capitals, with one space between their parts."""
    spaced = f"trim(regexp_replace({narrow}, {literal(_SPACES)}, ' ', 'g'))"
    han = rf"regexp_matches({spaced}, '[\x{{4e00}}-\x{{9fa5}}]')"
    return f"CASE WHEN {han} THEN replace({spaced}, ' ', '') ELSE upper({spaced}) END"
