"""Checkpoints signed by SM2: OpenSSL, which shares no code with ours, verifies them; anything else is no signature."""

import subprocess
import sys

import pytest

from lakeward.protection.signatures import SM2, SM2_ORDER, SM2_SIGNER, SealKey, is_signature, make_seal_key

KEY = make_seal_key(bytes(range(7, 200, 6)), SM2)
# Object identifiers of an EC key on the curve of SM2, before the point of the public key (RFC 5480, GM/T 0006-2012).
SPKI_FRONT = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")


def _der(signature: str) -> bytes:
    """`r ‖ s` as OpenSSL reads it: a SEQUENCE of two INTEGERs."""
    halves = [int(signature[:64], 16), int(signature[64:], 16)]
    parts = [half.to_bytes(half.bit_length() // 8 + 1, "big") for half in halves]
    body = b"".join(b"\x02" + bytes([len(part)]) + part for part in parts)
    return b"\x30" + bytes([len(body)]) + body


def _openssl_verifies(folder, message: bytes, signature: str) -> bool:
    (folder / "key.der").write_bytes(SPKI_FRONT + bytes.fromhex(KEY.public_key))
    (folder / "signature").write_bytes(_der(signature))
    (folder / "message").write_bytes(message)
    command = "openssl pkeyutl -verify -pubin -inkey key.der -keyform DER -rawin -in message -sigfile signature -digest sm3"
    words = [*command.split(), "-pkeyopt", f"distid:{SM2_SIGNER.decode()}"]
    return subprocess.run(words, cwd=folder, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("number", range(4))
def test_openssl_verifies_what_we_sign(tmp_path, number):
    message = f"第 {number} 条".encode()
    signature = KEY.sign(message)
    assert _openssl_verifies(tmp_path, message, signature)
    assert not _openssl_verifies(tmp_path, message + b" ", signature)


def test_a_changed_message_key_or_signature_is_none():
    signature = KEY.sign(b"root")
    assert is_signature(SM2, KEY.public_key, signature, b"root")
    other = make_seal_key(bytes(range(9, 202, 6)), SM2)
    broken = [
        (KEY.public_key, signature, b"toor"),
        (other.public_key, signature, b"root"),
        (KEY.public_key, signature[:-2] + ("00" if signature[-2:] != "00" else "01"), b"root"),
        (KEY.public_key, signature[:-2], b"root"),
        (KEY.public_key, "00" * 64, b"root"),
        (KEY.public_key, "ff" * 64, b"root"),
        (KEY.public_key[:-2], signature, b"root"),
        ("04" + "11" * 64, signature, b"root"),
        ("00" * 65, signature, b"root"),
    ]
    assert [is_signature(SM2, key, found, message) for key, found, message in broken] == [False] * len(broken)


@pytest.mark.exhaustive
def test_a_half_of_a_signature_keeps_its_leading_zeros():
    signatures = [KEY.sign(str(number).encode()) for number in range(1500)]  # one half in 256 begins with a zero byte
    assert {len(each) for each in signatures} == {128}
    assert any("00" in (each[:2], each[64:66]) for each in signatures)


@pytest.mark.parametrize("seed", [0, 2**256 - 1, SM2_ORDER - 2, SM2_ORDER - 1])
def test_each_seed_gives_a_key(seed):
    key = SealKey(seed.to_bytes(32, "big"), SM2)
    assert is_signature(SM2, key.public_key, key.sign(b"x"), b"x")


def test_a_signature_that_can_not_be_verified_here_is_not_called_false():
    code = f"""import sys; sys.modules['gmalg'] = None
from lakeward.protection.signatures import is_signature
is_signature('sm2', '{KEY.public_key}', '{KEY.sign(b"root")}', b'root')"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "MachineError: This command needs the extra 'gm'" in done.stderr
