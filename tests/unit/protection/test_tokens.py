"""CMAC of many values at once is the library's byte for byte, and a token is of the value's normal form."""

import os
from importlib.util import find_spec

import duckdb
import pytest

from lakeward.protection.keys import Scheme, TokenKey
from lakeward.protection.normal_form import normal_form

pytestmark = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("numpy", "pyarrow", "cryptography")), reason="needs the extra protect"
)
KEY = TokenKey(bytes.fromhex("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"), Scheme.CMAC)
# Lengths around block limits and the limit of batches, and a long value.
LENGTHS = (*range(82), 127, 128, 129, 511, 512, 513, 1000, 1_000_000)


@pytest.mark.parametrize("algorithm", ["aes", "sm4"])
def test_macs_of_a_column_are_the_librarys(algorithm):
    import pyarrow as pa

    from lakeward.protection.block_cipher import BatchMac, BlockAlgorithm, BlockKey
    from lakeward.protection.byte_columns import read_column

    key = BlockKey(BlockAlgorithm(algorithm), os.urandom(16))
    values = [os.urandom(length) for length in (*LENGTHS, *LENGTHS[:40])]
    found = BatchMac.of(key).macs(read_column(pa.array(values, pa.binary()))[0])
    assert [mac.tobytes() for mac in found] == [key.mac(value) for value in values]


def test_cmac_of_the_standard():
    """NIST SP 800-38B, AES-128, and its empty message."""
    import pyarrow as pa

    from lakeward.protection.block_cipher import BatchMac, BlockAlgorithm, BlockKey
    from lakeward.protection.byte_columns import read_column

    mac = BatchMac.of(BlockKey(BlockAlgorithm.AES, bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")))
    message = bytes.fromhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411")
    found = mac.macs(read_column(pa.array([b"", message[:16], message], pa.binary()))[0])
    assert [row.tobytes().hex() for row in found] == [
        "bb1d6929e95937287fa37d129b756746",
        "070a16b46b4d4144f79bdd9dd04a287c",
        "dfa66747de9ae63030ca32611497c827",
    ]


@pytest.mark.parametrize("kind", ["string", "large_string", "chunks", "slice", "none", "all_null"])
def test_tokens_of_a_column_keep_order_and_missing_values(kind):
    import pyarrow as pa

    from lakeward.protection.tokens import BatchTokeniser

    tokeniser = BatchTokeniser.of(KEY, "personal.phone", "own")
    texts = {"none": [], "all_null": [None, None]}.get(kind, ["13800138000", None, "", "张伟", "x" * 600, "13800138000"])
    column = {
        "large_string": lambda: pa.array(texts, pa.large_string()),
        "chunks": lambda: pa.chunked_array([texts[:2], [], texts[2:]], pa.string()),
        "slice": lambda: pa.array(["before", *texts, "after"], pa.string()).slice(1, len(texts)),
    }.get(kind, lambda: pa.array(texts, pa.string()))()
    found = tokeniser(column).to_pylist()
    assert found == [None if text is None else tokeniser.token(text) for text in texts]
    assert all(token is None or token.startswith(f"{KEY.id}:") for token in found)


def test_recipients_and_categories_have_tokens_that_do_not_join():
    from lakeward.protection.tokens import BatchTokeniser

    makers = [BatchTokeniser.of(KEY, *scope) for scope in (("phone", "own"), ("phone", "b"), ("id", "own"), ("", "phone"))]
    assert len({maker.token("13800138000") for maker in makers}) == 4


PHONES = (
    *("13800138000", "138 0013 8000", "138-0013-8000", "+86 138 0013 8000", "(+86)13800138000", "0086-13800138000"),
    *(
        "１３８００１３８０００",
        "＋８６　１３８００１３８０００",
        "8613800138000",
        "138.0013.8000",
        "13800138000.0",
        "\u200b13800138000\u00a0",
    ),
    *("138\u20110013\u20138000", "013800138000", " 13800138000\n"),
)
SAME = {
    "personal.phone": [PHONES, ("010-1234 5678", "+86 10 12345678", "（010）12345678")],
    "personal.resident_id": [
        ("11010119900307123X", "11010119900307123x", "110101 19900307 123X", "１１０１０１１９９００３０７１２３ｘ")
    ],
    "personal.bank_card": [("6222021234567890123", "6222 0212 3456 7890 123", "6222-0212-3456-7890-123")],
    "personal.name": [("欧阳修", "欧阳 修", "欧阳\u3000修"), ("Li  Wei", "LI WEI ", "ｌｉ ｗｅｉ")],
    "personal.email": [("li@plant.example", " LI@Plant.Example ", "li＠plant.example")],
    "personal.licence_plate": [("京A12345", "京a·12345", "京Ａ 12345")],
    "enterprise.credit_code": [("91110000600037341L", "91110000 6000 37341l")],
    "none": [("M 1",), ("M1",)],
}


@pytest.mark.parametrize("category", SAME)
def test_spellings_of_one_value_have_one_normal_form(category):
    with duckdb.connect() as con:
        query = f"SELECT {normal_form('t', category)} FROM (SELECT CAST($1 AS VARCHAR) AS t)"
        forms = [{con.execute(query, [text]).fetchall()[0][0] for text in texts} for texts in SAME[category]]
        assert [len(found) for found in forms] == [1] * len(forms)
        assert len(set.union(*forms)) == len(forms)
        assert con.execute(query, [None]).fetchall() == [(None,)]
        assert con.execute(query, [""]).fetchall() == [("",)]


def test_other_texts_do_not_become_one_number():
    with duckdb.connect() as con:
        texts = ["13800138000 ext 1", "13800138000", "1380013800", "13800138000/13800138001", "86138001380", "no phone"]
        query = f"SELECT count(DISTINCT {normal_form('t', 'personal.phone')}) FROM (SELECT unnest($1::VARCHAR[]) AS t)"
        assert con.execute(query, [texts]).fetchall() == [(len(texts),)]
