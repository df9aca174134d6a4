"""Whether two names may belong to one person: case, blanks, accents and look-alike letters do not distinguish persons.

If in doubt, the names are taken as one person's. Two people with the same name need a number to tell them apart.
"""

import unicodedata

MAX_NAME = 100
# Lower-case letters of other alphabets that look like Latin ones, and characters that look alike within Latin.
_CYRILLIC = dict(zip("аӑавгеёзікмноѳрсԁԛԝтухѕјһӏьѵ", "aaabreezikmhoopcdqwtyxsjhlbv", strict=True))
_GREEK = dict(zip("αβγεζηικμνορτυχωϲ", "abyeznikmvoptuxwc", strict=True))
_LATIN = {"ɑ": "a", "1": "l", "i": "l", "|": "l", "0": "o", "ß": "ss"}
_TABLES = (_CYRILLIC | _GREEK, _LATIN)
# Scripts that may be mixed in one name.
_BESIDE_LATIN = {"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "LATIN"}


def person_key(name: str) -> str:
    """Comparison key of a name; empty if it has neither letters nor digits."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    return "".join(_look(letter) for letter in folded if letter.isalnum())


def is_same_person(one: str, other: str) -> bool:
    """Whether both names may belong to one person."""
    return person_key(one) == person_key(other)


def has_stray_blanks(name: str) -> bool:
    """Whether the text begins or ends with a blank, or has two in a row, so that it looks like another name and is not."""
    return name != " ".join(name.split())


def is_person_name(name: str) -> bool:
    """Whether the text is a valid name: 1 to 100 printable characters with at least one letter, in one alphabet.

    Chinese, Japanese and Korean characters may be mixed with Latin letters.
    """
    scripts = {
        unicodedata.name(letter, "?").partition(" ")[0] for letter in unicodedata.normalize("NFKC", name) if letter.isalpha()
    }
    is_plain = name.isprintable() and name == name.strip() and len(name) <= MAX_NAME
    return is_plain and bool(scripts) and (len(scripts) == 1 or scripts <= _BESIDE_LATIN)


def _look(letter: str) -> str:
    """The Latin letter that looks like this letter, or the letter itself."""
    for table in _TABLES:
        letter = table.get(letter, letter)
    words = unicodedata.name(letter[0], "").split()
    if not letter.isascii() and words[:1] == ["LATIN"]:
        letter = next((word.lower() for word in words if len(word) == 1), letter)
    return _LATIN.get(letter, letter)
