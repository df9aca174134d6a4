"""SIV of many values at once is the library's byte for byte, and a value that was changed, moved or is of no key is refused."""

import os
from importlib.util import find_spec

import pytest

from lakeward.core.errors import ProtectionError

pytestmark = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("numpy", "pyarrow", "cryptography")), reason="needs the extra protect"
)
LENGTHS = (*range(82), 127, 128, 129, 511, 512, 513, 1000, 1_000_000)
SECRET = bytes.fromhex("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")


def column_key(column="silver.orders.phone", id_="0a1b2c3d", algorithm="sm4", secret=SECRET):
    from lakeward.protection.block_cipher import BlockAlgorithm
    from lakeward.protection.ciphertexts import ColumnKey

    return ColumnKey(id_, column, BlockAlgorithm(algorithm), secret)


def encrypt(values, key):
    import pyarrow as pa

    from lakeward.protection.ciphertexts import ColumnCipher

    return ColumnCipher.of(key)(pa.array(values, pa.binary())).to_pylist()


def decrypt(values, *keys):
    import pyarrow as pa

    from lakeward.protection.ciphertexts import decrypt_column

    return decrypt_column(pa.array(values, pa.binary()), {key.id: key for key in keys}).to_pylist()


def test_ciphertexts_with_aes_are_the_librarys():
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

    key = column_key(algorithm="aes")
    values = [os.urandom(length) for length in (*LENGTHS, *LENGTHS[:40]) if length]  # the library takes no empty value
    expected = [AESSIV(SECRET).encrypt(value, [key.column.encode(), bytes.fromhex(key.id)]) for value in values]
    assert encrypt(values, key) == [bytes.fromhex(key.id) + one for one in expected]


def test_the_standards_example():
    """RFC 5297 appendix A.1."""
    import numpy as np
    import pyarrow as pa

    from lakeward.protection.block_cipher import BlockAlgorithm
    from lakeward.protection.byte_columns import read_column
    from lakeward.protection.siv import SivCipher

    secret = bytes.fromhex("fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")
    associated = bytes.fromhex("101112131415161718191a1b1c1d1e1f2021222324252627")
    cipher = SivCipher.of(BlockAlgorithm.AES, secret, [associated])
    values, _ = read_column(pa.array([bytes.fromhex("112233445566778899aabbccddee")]))
    ivs, found = cipher.ivs(values), np.zeros(14, np.uint8)
    cipher.apply(values, ivs, found, np.zeros(1, np.int64))
    assert ivs.tobytes().hex() == "85632d07c6e8f37f950acd320a2ecc93"
    assert found.tobytes().hex() == "40c02b9690c4dc04daef7f6afe5c"


def test_iv_with_sm4_is_made_of_the_librarys_cmac():
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.cmac import CMAC

    def mac(text):
        one = CMAC(algorithms.SM4(SECRET[:16]))
        one.update(text)
        return int.from_bytes(one.finalize(), "big")

    def twice(number):
        return ((number << 1) & ((1 << 128) - 1)) ^ (0x87 if number >> 127 else 0)

    key, value = column_key(), os.urandom(45)
    head = mac(bytes(16))
    for text in (key.column.encode(), bytes.fromhex(key.id)):
        head = twice(head) ^ mac(text)
    iv = mac(value[:-16] + (int.from_bytes(value[-16:], "big") ^ head).to_bytes(16, "big"))
    counter = iv & ~((1 << 31) | (1 << 63))
    stream = Cipher(algorithms.SM4(SECRET[16:]), modes.CTR(counter.to_bytes(16, "big"))).encryptor()
    assert encrypt([value], key) == [bytes.fromhex(key.id) + iv.to_bytes(16, "big") + stream.update(value)]


@pytest.mark.parametrize("algorithm", ["aes", "sm4"])
def test_what_was_encrypted_is_decrypted(algorithm):
    key = column_key(algorithm=algorithm)
    values = [None, *(os.urandom(length) for length in LENGTHS), None, b"", "张伟".encode()]
    sealed = encrypt(values, key)
    assert decrypt(sealed, key) == values
    assert [one is None for one in sealed] == [value is None for value in values]
    assert encrypt(values, key) == sealed  # equal values stay comparable
    assert encrypt([], key) == decrypt([], key) == []
    assert encrypt([None], key) == decrypt([None], key) == [None]


@pytest.mark.parametrize("place", [0, 3, 4, 12, 16, 19, 20, -1])
@pytest.mark.parametrize("length", [1, 11, 16, 32, 45, 600])
def test_changed_bit_is_refused(place, length):
    key = column_key()
    sealed = bytearray(encrypt([os.urandom(length)], key)[0])
    sealed[place] ^= 0x01
    with pytest.raises(ProtectionError) as refused:
        decrypt([bytes(sealed)], key)
    assert refused.value.code == ("ciphertext_key" if place in {0, 3} else "ciphertext_changed")


def test_shortened_value_is_refused():
    key = column_key()
    sealed = encrypt([b"19900004321"], key)[0]
    for end in range(len(sealed)):
        with pytest.raises(ProtectionError):
            decrypt([encrypt([b"x"], key)[0], sealed[:end]], key)


@pytest.mark.parametrize("column", ["silver.orders.id_number", "silver.staff.phone", "gold.orders.phone"])
def test_value_moved_to_another_column_is_refused(column):
    sealed = encrypt([b"19900004321"], column_key())
    with pytest.raises(ProtectionError) as refused:
        decrypt(sealed, column_key(column))
    assert refused.value.code == "ciphertext_changed"


def test_generations_stand_beside_each_other_and_a_missing_key_is_named():
    old, new = column_key(), column_key(id_="ffffffff", secret=SECRET[::-1])
    sealed = [*encrypt([b"a", b"b"], old), *encrypt([b"a", None, b"c"], new), *encrypt([b"d" * 700], old)]
    assert decrypt(sealed, old, new) == [b"a", b"b", b"a", None, b"c", b"d" * 700]
    with pytest.raises(ProtectionError) as refused:
        decrypt(sealed, new)
    assert refused.value.facts["key"] == old.id
    assert encrypt([b"a"], old)[0][4:] != encrypt([b"a"], new)[0][4:]


def test_wrong_secret_is_refused():
    with pytest.raises(ProtectionError):
        decrypt(encrypt([b"19900004321"], column_key()), column_key(secret=SECRET[::-1]))


def test_secret_shows_in_no_representation():
    assert SECRET.hex() not in repr(column_key())
    assert repr(SECRET) not in repr(column_key())
