"""Running texts: every sign kept, tables told apart, encodings as everywhere, and the next command."""

import pytest

from layerwise.data.formats import text
from layerwise.data.inspect import inspect
from layerwise.data.kinds import Texts
from layerwise.data.open import open_source, sniff_format
from layerwise.errors import LayerwiseError
from layerwise.language import use

VERSE = "To be, or not to be, that is the question:\r\nWhether 'tis nobler\tin the mind\n\n\rto suffer\x0b\u2028slings"


@pytest.fixture
def write(tmp_path):
    def written(content, name="book.txt"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


def joined(source):
    column = source.columns["text"]
    assert isinstance(column, Texts)
    return "".join(column.values)


def test_the_rows_together_are_the_file_sign_for_sign(write):
    source = text.read(write(VERSE))
    assert joined(source) == VERSE
    assert source.columns["text"].values[:2] == [VERSE[:44], "Whether 'tis nobler\tin the mind\n"]
    assert source.places == ("line 1", "line 2", "line 3", "line 4", "line 5")
    assert not source.columns["text"].missing().any()


def test_a_book_without_line_ends_becomes_several_rows(write):
    source = text.read(write("abcdefghij" * 250))
    assert [len(row) for row in source.columns["text"].values] == [1000, 1000, 500]
    assert source.places[1] == "line 1, character 1001"
    assert joined(source) == "abcdefghij" * 250


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (VERSE.encode("utf-8-sig"), VERSE),
        ("해는 지고\n달은 뜨네\n".encode("cp949"), "해는 지고\n달은 뜨네\n"),
        ("해는 지고\n".encode("utf-16"), "해는 지고\n"),
    ],
)
def test_encodings_are_those_of_tables(write, content, expected):
    assert joined(open_source(write(content))) == expected


def test_a_byte_that_fits_no_encoding_is_named(write):
    with pytest.raises(LayerwiseError, match="place 6"):
        open_source(write(b"plain \xff\xff text\nmore\n"))


@pytest.mark.parametrize("content", ["", "  \n\n", "a"])
def test_a_text_of_fewer_than_two_characters_is_refused(write, content):
    path = write(content)
    with pytest.raises(LayerwiseError, match="at least two characters") as refusal:
        text.read(path)
    assert path.name in str(refusal.value)
    with use("ko"), pytest.raises(LayerwiseError, match="문자가 적어도 둘"):
        text.read(path)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("age,sex\n31,m\n45,f\n", "csv"),
        ("a;b;c\n1,5;2;3\n2,5;3;4\n", "csv"),
        ("0\ta sentence, with a comma\n1\tanother one\n0\tand one more\n", "csv"),
        ("5.1 3.5 1.4\n4.9 3.0 1.4\n", "csv"),
        ("17\n18\n19\n", "csv"),
        (VERSE, "text"),
        ("Hello World ! It's an apple", "text"),
        ("one line, with a comma", "text"),
        ("First Citizen:\nBefore we proceed, hear me speak.\n\nAll:\nSpeak, speak.\n", "text"),
    ],
)
def test_tables_in_text_files_stay_tables(write, content, expected):
    assert sniff_format(write(content)) == expected


def test_another_ending_is_no_text_unless_it_is_named(write):
    path = write(VERSE, "book.text")
    assert not text.sniff(path)
    assert joined(open_source(path, format="text")) == VERSE


def test_looking_at_a_text_names_its_size_and_the_next_command(write):
    path = write("the cat sat.\nthe cat ate.\nthe cat sat.\n")
    found = inspect(open_source(path), data=str(path))
    assert found.task == "language"
    assert found.command == f"layerwise train {path} char-lstm"
    assert found.notes == ("39 characters, 9 different; 9 words, 4 different.",)
    lines = found.lines()
    assert not any("--drop" in line or "duplicates" in line for line in lines)
    assert any("the cat sat., the cat" in line for line in lines), "line ends do not tear the table apart"
