"""DuckDB SQL of a column after an action: NULL stays NULL, and names do not change. Bands and tokens are texts, encrypted values byte strings.

No expression can fail on a value, since an error would quote it. Masked values have always three stars, which hides their length.
"""

from dataclasses import dataclass

from lakeward.contracts.bands import Band
from lakeward.contracts.model import DataType, Kind
from lakeward.contracts.types import sql_type
from lakeward.core.errors import ProtectionError
from lakeward.core.sql import literal
from lakeward.protection.bands import band_expression
from lakeward.protection.normal_form import normal_form
from lakeward.protection.policy import NO_CATEGORY, AccessDecision, Action, MaskFormat

HIDDEN = "***"
# Session function that makes tokens, so that the key is never in SQL.
TOKENISE = "lakeward_token"
# Beginning of the names of session functions that encrypt a column.
ENCRYPT = "lakeward_encrypt"
# Characters kept at the front and at the back. A text that would hide fewer than `MIN_HIDDEN` characters is hidden whole.
VISIBLE_ENDS = {MaskFormat.NAME: (1, 0), MaskFormat.PHONE: (3, 4), MaskFormat.EDGES: (1, 1), MaskFormat.LAST: (0, 4)}
# Least number of hidden characters; one for names, since most Chinese names have two.
MIN_HIDDEN = {MaskFormat.NAME: 1, MaskFormat.PHONE: 4, MaskFormat.EDGES: 4, MaskFormat.LAST: 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """How an action is done in one column.

    Args:
        token: Session function that makes its tokens.
        normal: Category whose normal form a text takes before it becomes a token.
        encrypt: Session function that encrypts its values.
        band: How far a value is generalised; None for the default of its type.
        unit: UCUM code of a number.
    """

    token: str = TOKENISE
    normal: str = NO_CATEGORY
    encrypt: str = ""
    band: Band | None = None
    unit: str | None = None


# Of a column about which no more is known than its type.
PLAIN_TREATMENT = Treatment()


def protected_expression(column: str, type_: DataType, decision: AccessDecision, treatment: Treatment = PLAIN_TREATMENT) -> str:
    """The expression of `column` (a quoted identifier) after `decision`.

    Raises:
        ProtectionError: A denied column has no expression.
    """
    match decision.action:
        case Action.CLEAR:
            return column
        case Action.MASK:
            return _mask(column, type_, decision.format)
        case Action.GENERALISE:
            return _generalise(column, type_, treatment)
        case Action.TOKENISE:
            return f"{treatment.token}({normal_form(f'CAST({column} AS VARCHAR)', treatment.normal)})"
        case Action.ENCRYPT:
            return f"{treatment.encrypt}(CAST({column} AS VARCHAR))"
        case Action.AGGREGATE | Action.DENY:
            raise ProtectionError("column_denied", column=column)


def _mask(column: str, type_: DataType, mask_format: MaskFormat) -> str:
    """Only texts can be masked in part; a masked number or time is NULL."""
    if type_.kind is not Kind.STRING:
        return _typed_null(type_)
    if mask_format is MaskFormat.EMAIL:
        shown = f"left({column}, 1) || '{HIDDEN}@' || split_part({column}, '@', 2)"
        fits = f"regexp_full_match({column}, '[^@\\s]{{2,}}@[^@\\s]+')"
    elif mask_format in VISIBLE_ENDS:
        first, last = VISIBLE_ENDS[mask_format]
        shown = (
            f"left({column}, {first}) || {literal(HIDDEN)} || right({column}, {last})"
            if last
            else f"left({column}, {first}) || {literal(HIDDEN)}"
        )
        fits = f"length({column}) >= {first + last + MIN_HIDDEN[mask_format]}"
    else:
        return f"CASE WHEN {column} IS NOT NULL THEN {literal(HIDDEN)} END"
    return f"CASE WHEN {column} IS NULL THEN NULL WHEN {fits} THEN {shown} ELSE {literal(HIDDEN)} END"


def _generalise(column: str, type_: DataType, treatment: Treatment) -> str:
    if type_.kind in (Kind.BOOLEAN, Kind.BINARY):
        return _typed_null(type_)
    return band_expression(column, type_, treatment.band, treatment.unit)


def _typed_null(type_: DataType) -> str:
    return f"CAST(NULL AS {sql_type(type_)})"
