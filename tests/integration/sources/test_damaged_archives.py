"""Damaged .zip archives and workbooks, which are such: each kind of damage that Python tells in its own way is told in ours."""

import io
import struct
import zipfile

import pytest

from lakeward.core.errors import DataError
from lakeward.core.settings import Settings
from lakeward.core.zip_archive import zip_names
from lakeward.flows import check_data
from support.damage import FILES

RULES = {"name": "mine", "expectations": [{"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 0}}]}
# .ZIP application note, 4.3.12 and 4.3.16: entries of the central directory, and the record of its end.
ENTRY, ENTRY_METHOD, ENTRY_NAME_LENGTH, ENTRY_COMMENT_LENGTH = b"PK\x01\x02", 10, 28, 32
END_OFFSET = slice(-6, -2)
BZIP2, LZMA = 12, 14


def archive():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("f.csv", "a,b\n1,x\n")
    return out.getvalue()


def entries_before_the_file(content):
    content[END_OFFSET] = struct.pack("<I", struct.unpack("<I", content[END_OFFSET])[0] + 100)


def method(number):
    def change(content):
        at = content.find(ENTRY)
        while at >= 0:
            struct.pack_into("<H", content, at + ENTRY_METHOD, number)
            at = content.find(ENTRY, at + 1)

    return change


def no_name(content):
    at = content.find(ENTRY)
    (length,) = struct.unpack_from("<H", content, at + ENTRY_NAME_LENGTH)
    struct.pack_into("<H", content, at + ENTRY_NAME_LENGTH, 0)
    struct.pack_into("<H", content, at + ENTRY_COMMENT_LENGTH, length)


WORKBOOK, ARCHIVE = FILES["xlsx"], ("f.csv.zip", archive)
DAMAGES = {"place": entries_before_the_file, "bzip2": method(BZIP2), "lzma": method(LZMA)}


def refuse(folder, kind, damage):
    name, make = kind
    content, file = bytearray(make()), folder / name
    damage(content)
    file.write_bytes(content)
    with pytest.raises(DataError):
        check_data(file, RULES, Settings(start=folder))
    zip_names(file)  # what names the files of an inbox that nothing takes


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("kind", [WORKBOOK, ARCHIVE], ids=["workbook", "archive"])
def test_damage_is_an_error_of_ours(tmp_path, kind, damage):
    refuse(tmp_path, kind, damage)


def test_an_entry_without_a_name_is_damage(tmp_path):
    refuse(tmp_path, ARCHIVE, no_name)
