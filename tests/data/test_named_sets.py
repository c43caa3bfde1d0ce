"""Named sets: found where they lie, described where they do not, fetched whole or not at all (loopback server)."""

import functools
import gzip
import hashlib
import http.server
import struct
import threading

import numpy as np
import pytest

from layerwise.data import download, named
from layerwise.data.named import NamedSet
from layerwise.data.open import open_source
from layerwise.errors import LayerwiseError


def packed(array):
    head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return gzip.compress(head + array.astype(np.uint8).tobytes(), mtime=0)


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A set like MNIST of five pictures on a loopback server, with its true checksums."""
    web = tmp_path / "web"
    web.mkdir()
    files = {
        "train-images-idx3-ubyte.gz": packed(np.arange(12).reshape(3, 2, 2)),
        "train-labels-idx1-ubyte.gz": packed(np.array([0, 1, 0])),
        "t10k-images-idx3-ubyte.gz": packed(np.arange(8).reshape(2, 2, 2)),
        "t10k-labels-idx1-ubyte.gz": packed(np.array([1, 0])),
    }
    for name, content in files.items():
        (web / name).write_bytes(content)
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(web)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    home = f"http://127.0.0.1:{server.server_port}/"
    monkeypatch.setitem(
        named.NAMED, "tiny", NamedSet("tiny", "five pictures", "free", "idx", checksums=sums, home=home)
    )
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LAYERWISE_DATA", "")
    monkeypatch.chdir(tmp_path)
    yield web
    server.shutdown()
    server.server_close()
    thread.join()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format, *arguments):
        """Keep the test's output clean."""


class CutShort(Quiet):
    def copyfile(self, source, outputfile):
        outputfile.write(source.read()[:-7])


def test_nothing_is_fetched_unasked(tiny):
    with pytest.raises(LayerwiseError) as caught:
        open_source("tiny")
    message = str(caught.value)
    assert "--download" in message
    assert "licence: free" in message
    assert "LAYERWISE_DATA" in message
    assert not named.cache_folder().exists()


def test_asked_for_it_is_fetched_once_into_the_cache(tiny):
    source = open_source("tiny", download=True)
    assert len(source) == 5
    assert source.name == "tiny"
    assert source.licence == "free"
    for path in tiny.iterdir():
        path.unlink()
    assert len(open_source("tiny")) == 5


def test_a_changed_file_is_not_kept(tiny):
    (tiny / "train-labels-idx1-ubyte.gz").write_bytes(packed(np.array([1, 1, 1])))
    with pytest.raises(LayerwiseError, match="checksum") as caught:
        open_source("tiny", download=True)
    assert "train-labels-idx1-ubyte.gz" in str(caught.value)
    assert not (named.cache_folder() / "tiny" / "train-labels-idx1-ubyte.gz").exists()
    with pytest.raises(LayerwiseError, match="--download"):
        open_source("tiny")


def test_a_truncated_answer_is_not_kept(tiny, tmp_path):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(CutShort, directory=str(tiny)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        with pytest.raises(LayerwiseError, match="train-images") as caught:
            download.fetch("tiny", f"http://127.0.0.1:{server.server_port}/", folder=tmp_path / "to")
        assert "bytes arrived" in str(caught.value) or "checksum" in str(caught.value)
        assert not list((tmp_path / "to").glob("*"))
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_an_answer_without_end_is_cut_off(tiny):
    with pytest.raises(LayerwiseError, match="at most 20 bytes"):
        download.fetch("tiny", largest=20)


def test_a_missing_file_and_a_silent_server(tiny):
    (tiny / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(LayerwiseError, match="404"):
        open_source("tiny", download=True)
    with pytest.raises(LayerwiseError, match=r"127\.0\.0\.1:1/"):
        download.fetch("tiny", "http://127.0.0.1:1/")


def test_only_the_web_is_fetched_from(tiny):
    with pytest.raises(LayerwiseError, match="http or https"):
        download.fetch("tiny", tiny.as_uri())


def test_a_set_without_a_home_says_where_it_belongs(tiny):
    with pytest.raises(LayerwiseError, match="has none that is known"):
        open_source("pima", download=True)
    with pytest.raises(LayerwiseError, match="tabular"):
        open_source("pima")


def test_a_folder_of_the_path_list_is_found_and_a_changed_file_is_noted(tiny, tmp_path, monkeypatch):
    shelf = tmp_path / "shelf"
    download.fetch("tiny", folder=shelf / "tiny")
    monkeypatch.setenv("LAYERWISE_DATA", f"{tmp_path / 'nowhere'}{named.os.pathsep}{shelf}")
    assert named.locate("tiny") == shelf / "tiny"
    (shelf / "tiny" / "train-labels-idx1-ubyte.gz").write_bytes(packed(np.array([1, 1, 1])))
    assert any("recorded checksum" in note for note in open_source("tiny").notes)
