"""Odd and damaged pictures of seven formats: each has the pixels that were put in, or is a problem; none is lost."""

import io
import random
import struct
import zlib

import numpy as np
import pytest
from damage import flipped, listed, outcome
from PIL import Image

SUFFIXES = {"png": "PNG", "jpg": "JPEG", "gif": "GIF", "bmp": "BMP", "tif": "TIFF", "webp": "WEBP", "ppm": "PPM"}
NOISE = np.random.default_rng(0)
COLOURS = NOISE.integers(0, 256, (13, 17, 3), np.uint8)
GREY = COLOURS[..., 0]
EXACT = {"png", "bmp", "tif", "ppm", "webp"}
"""Formats that keep every pixel of a colour picture."""


def saved(picture, suffix, **options):
    buffer = io.BytesIO()
    if suffix == "webp":
        options = {"lossless": True, **options}
    picture.save(buffer, SUFFIXES[suffix], **options)
    return buffer.getvalue()


def as_colours(content):
    """Return what somebody else's program makes of a whole file."""
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def whole(suffix):
    return saved(Image.fromarray(COLOURS), suffix)


def right(suffix):
    """Return odd pictures of a format that are whole, and the colours that each must have; None for near ones."""
    ramp = Image.fromarray(np.repeat(np.arange(256, dtype=np.uint8)[None], 3, axis=0))
    plain = whole(suffix)
    cases = {
        "plain": (plain, COLOURS if suffix in EXACT else as_colours(plain)),
        "grey": (saved(Image.fromarray(GREY), suffix), None if suffix == "jpg" else np.dstack([GREY] * 3)),
        "one pixel": (saved(Image.new("RGB", (1, 1), "white"), suffix), np.full((1, 1, 3), 255)),
        "one row": (saved(Image.new("RGB", (999, 1), "white"), suffix), np.full((1, 999, 3), 255)),
        "one column": (saved(Image.new("RGB", (1, 999), "black"), suffix), np.zeros((999, 1, 3))),
        "a ramp": (saved(ramp, suffix), None if suffix == "jpg" else np.asarray(ramp.convert("RGB"))),
        "something behind its end": (plain + b"behind", as_colours(plain)),
        "a picture behind its end": (plain + plain, as_colours(plain)),
        "two levels": (saved(Image.fromarray(GREY > 99), suffix) if suffix not in ("jpg", "webp") else plain,
                       np.dstack([(GREY > 99) * 255] * 3) if suffix not in ("jpg", "webp") else as_colours(plain)),
    }  # fmt: skip
    more = {
        "png": {"packed well": {"optimize": True}, "not packed": {"compress_level": 0}, "dots": {"dpi": (300, 300)}},
        "jpg": {"step by step": {"progressive": True}, "every colour": {"subsampling": 0}, 
                "half the colours": {"subsampling": 1}, "quarter": {"subsampling": 2}, "poor": {"quality": 5},
                "best": {"quality": 100},
                "restarts": {"restart_marker_rows": 1}, "a comment": {"comment": b"x" * 999}},
        "gif": {"in turn": {"interlace": 1}, "a comment": {"comment": b"x" * 999}},
        "tif": {"lzw": {"compression": "tiff_lzw"}, "deflate": {"compression": "tiff_adobe_deflate"},
                "packbits": {"compression": "packbits"}, "big": {"big_tiff": True}, "strips": {"strip_size": 64}},
        "webp": {"slow": {"method": 6}}, "bmp": {"resolution": {"dpi": (300, 300)}}, "ppm": {},
    }[suffix]  # fmt: skip
    for name, options in more.items():
        content = saved(Image.fromarray(COLOURS), suffix, **options)
        cases[name] = (content, COLOURS if suffix in EXACT else as_colours(content))
    return cases


OTHERS = {
    "nothing": b"",
    "one byte": b"\x89", "blanks": b" " * 500, "noughts": bytes(500), "words": b"no picture at all\n" * 20,
    "a page": b"<!DOCTYPE html><html><body>404</body></html>",
    "a drawing": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "a paper": b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", "an archive": b"PK\3\4" + bytes(100),
    "packed": b"\x1f\x8b\x08" + bytes(50),
    "a drawing that runs": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n",
    "a pointer of git": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n",
}  # fmt: skip

LARGE = {"8200x8200 pixels", "30000x30000 pixels"}
"""Sizes above the limit; that of Pillow lies between them."""

MAGIC = {"png": 8, "jpg": 3, "gif": 6, "bmp": 2, "tif": 4, "webp": 12, "ppm": 2}


def sizes_of(suffix, width, height):
    """Return the picture with other sides in its header."""
    raw = bytearray(whole(suffix))
    place, kind = {
        "png": (16, ">II"), "gif": (6, "<HH"), "bmp": (18, "<ii"), "jpg": (bytes(raw).find(b"\xff\xc0") + 5, ">HH"),
        "webp": (0, ""), "tif": (0, ""), "ppm": (0, ""),
    }[suffix]  # fmt: skip
    if suffix == "ppm":
        return b"P6\n%d %d\n255\n" % (width, height) + COLOURS.tobytes()
    if kind:
        limit = 2 ** (15 if "H" in kind else 31) - 1
        sides = (height, width) if suffix == "jpg" else (width, height)
        struct.pack_into(kind, raw, place, *(min(side, limit) for side in sides))
    if suffix == "png":
        # Its sum is right: what is wrong is the size alone.
        struct.pack_into(">I", raw, 29, zlib.crc32(bytes(raw[12:29])))
    return bytes(raw)


def wrong(suffix):
    """Return damaged pictures of a format; each is a problem, or has the pixels that the whole one has."""
    content = whole(suffix)
    cuts = sorted(
        {1, 2, 4, 8, 12, 16, 24, 32, 48, *(len(content) * part // 10 for part in range(1, 10)), len(content) - 1}
    )
    cases = {f"cut at {cut}": content[:cut] for cut in cuts if cut < len(content)}
    cases["another beginning"] = b"\0" * MAGIC[suffix] + content[MAGIC[suffix] :]
    cases["without its beginning"] = content[MAGIC[suffix] :]
    cases["something before its beginning"] = b"x" + content
    cases["line ends changed"] = content.replace(b"\n", b"\r\n") if suffix == "png" else content[1:]
    if suffix in ("png", "jpg", "gif", "bmp", "ppm"):
        cases |= {
            f"{width}x{height} pixels": sizes_of(suffix, width, height)
            for width, height in ((0, 13), (17, 0), (8_200, 8_200), (30_000, 30_000), (2**31 - 1, 2**31 - 1))
        }
    return cases | {f"in its place: {name}": held for name, held in OTHERS.items()}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "set" / "a").mkdir(parents=True)
    return tmp_path / "set"


def read(folder, contents, suffix):
    """Read many pictures as one class; returns their pixels and their problems by name."""
    for place, content in enumerate(contents.values()):
        (folder / "a" / f"{place:04d}.{suffix}").write_bytes(content)
    # One whole picture of colours, so that a set is never refused altogether and has three channels.
    (folder / "a" / "whole.png").write_bytes(whole("png"))
    source = outcome(folder)
    assert listed(source) == len(contents) + 1
    names = dict(zip(source.places, range(len(source)), strict=True))
    pixels, problems = {}, {problem.where: problem for problem in source.problems}
    for place, name in enumerate(contents):
        file = f"a/{place:04d}.{suffix}"
        assert (file in names) != (file in problems)
        if file in names:
            pixels[name] = source.columns["image"][names[file]].transpose(1, 2, 0)
    return pixels, problems


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_whole_pictures_have_their_pixels(folder, suffix):
    cases = right(suffix)
    pixels, problems = read(folder, {name: content for name, (content, _) in cases.items()}, suffix)
    assert not problems
    for name, (content, expected) in cases.items():
        # A JPEG is near what it was made of; what its decoder gives is what somebody else's gives.
        np.testing.assert_array_equal(pixels[name], as_colours(content) if expected is None else expected, name)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_damaged_pictures_are_problems_or_whole(folder, suffix):
    cases = wrong(suffix)
    assert len(cases) + len(right(suffix)) >= 40
    pixels, problems = read(folder, cases, suffix)
    expected = as_colours(whole(suffix))
    for name, held in pixels.items():
        # What lies behind the last pixel may be missing.
        # A GIF may hold a picture that is larger than its page.
        assert name.startswith("cut") or (suffix == "gif" and name in ("0x13 pixels", "17x0 pixels")), name
        np.testing.assert_array_equal(held, expected, name)
    assert not any(name.startswith("in its place") for name in pixels)
    assert len(problems) >= 25
    # Nothing larger than the limit is decoded to find out that it is damaged.
    for name in LARGE & cases.keys():
        assert "more than 64 million" in problems[f"a/{list(cases).index(name):04d}.{suffix}"].found


@pytest.mark.parametrize("seeds", [range(50), pytest.param(range(50, 500), marks=pytest.mark.long)])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_mutations_load_or_are_problems(folder, suffix, seeds):
    content = whole(suffix)
    changed = {str(seed): flipped(content, random.Random(f"{suffix} {seed}")) for seed in seeds}
    pixels, problems = read(folder, changed, suffix)
    assert problems
    for name, held in pixels.items():
        if suffix == "png" or content.startswith(changed[name]):
            # A PNG sums its parts, and what is only cut has no other pixels: both are as they were, or problems.
            np.testing.assert_array_equal(held, as_colours(content), name)
