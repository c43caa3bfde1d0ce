"""Encodings: every right one is found, every damaged byte is shown with its line."""

import pytest

from layerwise.data.formats import csv
from layerwise.data.text_encoding import read_text
from layerwise.errors import LayerwiseError

TABLE = "이름,나이,도시\n김철수,31,서울\n이영희,28,부산\n똠방각하,40,펲시\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp949"])
def test_korean_tables_in_every_encoding(tmp_path, encoding):
    path = tmp_path / "people.csv"
    path.write_bytes(TABLE.encode(encoding))
    source = csv.read(path)
    assert list(source.columns) == ["이름", "나이", "도시"]
    assert source.columns["이름"].show(2) == "똠방각하"


@pytest.mark.parametrize(("encoding", "mark"), [("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff")])
def test_both_orders_of_utf16(tmp_path, encoding, mark):
    path = tmp_path / "people.csv"
    path.write_bytes(mark + TABLE.encode(encoding))
    assert read_text(path).content == TABLE


def test_utf16_without_a_mark_is_named_and_can_be_forced(tmp_path):
    path = tmp_path / "people.csv"
    path.write_bytes("a,b\n1,2\n".encode("utf-16-le"))
    with pytest.raises(LayerwiseError, match="--encoding utf-16-le"):
        read_text(path)
    assert read_text(path, "utf-16-le").content == "a,b\n1,2\n"


def test_a_damaged_utf8_byte_is_shown_and_not_read_as_cp949(tmp_path):
    raw = bytearray(TABLE.encode())
    place = raw.index("영".encode())
    raw[place] = 0xFF
    path = tmp_path / "people.csv"
    path.write_bytes(bytes(raw))
    with pytest.raises(LayerwiseError) as caught:
        read_text(path)
    message = str(caught.value)
    assert f"not utf-8: byte 0xff at place {place} (line 3)" in message
    assert "--encoding NAME" in message
    assert "people.csv" in message


def test_a_damaged_cp949_byte_is_shown(tmp_path):
    raw = TABLE.encode("cp949") + b"\xb0\n"
    path = tmp_path / "people.csv"
    path.write_bytes(raw)
    with pytest.raises(LayerwiseError) as caught:
        read_text(path)
    assert "not cp949: byte 0xb0" in str(caught.value)
    assert "(line 5)" in str(caught.value)


def test_latin1_is_refused_and_can_be_forced(tmp_path):
    path = tmp_path / "menu.csv"
    path.write_bytes("dish,price\ncafé ,3\ncrème brûlée,5\n".encode("latin-1"))
    with pytest.raises(LayerwiseError):
        read_text(path)
    assert "café" in read_text(path, "latin-1").content


def test_cp949_is_said(tmp_path):
    path = tmp_path / "people.csv"
    path.write_bytes(TABLE.encode("cp949"))
    assert "CP949" in read_text(path).note
