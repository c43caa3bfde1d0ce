"""Odd and damaged running texts: each is read sign for sign, or refused with its place; nothing is lost."""

import gzip
import random

import pytest
from damage import flipped, outcome, refusal

from layerwise.data.open import open_source

PLAIN = "To be, or not to be\nthat is the question\n"
KOREAN = "나 보기가 역겨워\n가실 때에는\n말없이 고이 보내 드리우리다\n"

RIGHT = {
    "plain": PLAIN, "korean": KOREAN, "no line end": PLAIN.strip(), "two signs": "ab", "one line": "one line alone",
    "windows line ends": PLAIN.replace("\n", "\r\n"), "old mac line ends": PLAIN.replace("\n", "\r"),
    "mixed line ends": "a\r\nb\rc\n\n\rd", "blanks at its ends": "  a b  \n\n", "tabs": "a\tb\tc d\nand so on\n",
    "form feeds": "one\x0ctwo\x0bthree\n", "unicode line ends": "one\u2028two\u2029three\x85four\n",
    "control signs": "bell \x07 and \x1b[31m colour\n", "emoji": "one 🙂 two 👨‍👩‍👧 three\n", "taken apart": "한국어\n",
    "right to left": "abc \u202e txet \u202c שלום\n", "joined by nothing": "zero\u200bwidth\ufeffmark\n",
    "a private sign": "\ue000 and \U0010ffff\n", "a long word": "x" * 5000, "many lines": "line\n" * 3000,
    "quotes": 'he said "no\nand left\n', "a page": "<html>\n<body>hello there</body>\n</html>\n",
    "commas of prose": "One, two.\nThree, four, five: and a line.\nSix.\n",
    "figures of prose": "In 1984 it was 5.\nThen 6.\n",
    "poem with blank lines": "one\n\n\ntwo\n\nthree\n",
}  # fmt: skip

BYTES = {
    "mark of UTF-8": (KOREAN.encode("utf-8-sig"), KOREAN), "UTF-16": (KOREAN.encode("utf-16"), KOREAN),
    "UTF-16, big end first": (b"\xfe\xff" + KOREAN.encode("utf-16-be"), KOREAN),
    "UTF-32": (KOREAN.encode("utf-32"), KOREAN),
    "CP949": (KOREAN.encode("cp949"), KOREAN),
    "EUC-KR": ("가나다 라마바\n사아자\n".encode("euc-kr"), "가나다 라마바\n사아자\n"),
    "packed": (gzip.compress(PLAIN.encode()), PLAIN), "packed CP949": (gzip.compress(KOREAN.encode("cp949")), KOREAN),
    "CP1252": (b"20 \xb0C is the temperature\nof the room\n", "20 °C is the temperature\nof the room\n"),
}  # fmt: skip

REFUSED = {
    "nothing": (b"", "two characters"), "one sign": (b"a", "two characters"), "blanks": (b" \n\t\n", "two characters"),
    "a mark alone": (b"\xef\xbb\xbf", "two characters"), "a NUL sign": (b"one\ntwo\0three\n", "line 2: a NUL"),
    "UTF-16 without a mark": ("one two\n".encode("utf-16-le"), "NUL"), "half a sign": (KOREAN.encode()[:-2], "line 3"),
    "a damaged sign": (KOREAN.encode().replace("때".encode(), b"\xff\x80\x80"), "line 2"),
    "half a sign of UTF-16": (KOREAN.encode("utf-16")[:-1], "utf-16"),
    "cut UTF-32": (KOREAN.encode("utf-32")[:-2], "utf-32"),
    "a lone half of a pair": (b"\xff\xfe\x00\xd8a\0", "utf-16"), "beyond unicode": (b"\xf4\x90\x80\x80 abc\n", "0xf4"),
    
    "two encodings": (KOREAN.encode() + KOREAN.encode("cp949"), "line 4"),
    "packed and cut": (gzip.compress(PLAIN.encode() * 50)[:-12], "packed"),
    "packed and damaged": (gzip.compress(PLAIN.encode())[:-8] + bytes(8), "packed"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "odd.txt"),
}  # fmt: skip


def test_the_corpus_is_large_enough():
    assert len(RIGHT) + len(BYTES) + len(REFUSED) >= 50


@pytest.fixture
def path(tmp_path):
    return tmp_path / "odd.txt"


def joined(source):
    return "".join(source.columns["text"].values)


@pytest.mark.parametrize("name", [*RIGHT, *BYTES])
def test_texts_are_read_sign_for_sign(path, name):
    content, expected = BYTES[name] if name in BYTES else (RIGHT[name].encode(), RIGHT[name])
    path.write_bytes(content)
    source = open_source(path, format="text")
    assert joined(source) == expected
    assert len(source.places) == len(source)


@pytest.mark.parametrize("name", REFUSED)
def test_damaged_texts_are_refused_with_their_place(path, name):
    content, found = REFUSED[name]
    path.write_bytes(content)
    assert found in str(refusal(path, "text"))


@pytest.mark.parametrize("seeds", [range(17), pytest.param(range(17, 167), marks=pytest.mark.long)])
@pytest.mark.parametrize("encoding", ["utf-8", "cp949", "utf-16"])
def test_mutations_load_whole_or_are_refused(path, encoding, seeds):
    whole, refused = (KOREAN + PLAIN).encode(encoding), 0
    for seed in seeds:
        content = flipped(whole, random.Random(f"{encoding} {seed}"))
        path.write_bytes(content)
        source = outcome(path, "text")
        refused += source is None
        if source is not None:
            said = " ".join(source.notes)
            read_as = next((word for word in ("CP949", "CP1252", "utf-16") if f"Encoding {word}" in said), "utf-8-sig")
            assert joined(source) == content.decode(read_as), content
    assert 0 < refused < len(seeds)
