"""What picture files mean, each with an answer known beforehand: from the format's own rules or from arithmetic."""

import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image

from layerwise.data.open import open_source
from layerwise.data.pictures import UnreadablePicture, decode_picture, quietly, read_header


def saved(picture, suffix, **options):
    buffer = io.BytesIO()
    picture.save(buffer, suffix, **options)
    return buffer.getvalue()


def png(width, height, bits, kind, rows, chunks=()):
    """Write a PNG by hand (ISO/IEC 15948): Pillow writes no colours of 16 bits, and no grey of 2."""

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    content = zlib.compress(b"".join(b"\0" + row for row in rows))
    middle = b"".join(chunk(name, held) for name, held in chunks)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + middle + chunk(b"IDAT", content) + chunk(b"IEND", b"")


def first_row(content):
    """Return the first row of a picture, a pixel each; and the header, whose size must be that of the pixels."""
    header = read_header(content)
    pixels = decode_picture(content, 1 if header.grey else 3)
    assert pixels.shape[1:] == (header.height, header.width)
    return (pixels[0, 0] if header.grey else pixels[:, 0].T).tolist(), header


def notes_of(tmp_path, content, name="x.png"):
    (tmp_path / "set" / "a").mkdir(parents=True)
    (tmp_path / "set" / "a" / name).write_bytes(content)
    return " ".join(open_source(tmp_path / "set").notes)


TWO = np.array([[0, 1]])
SHORTS = struct.Struct(">3H")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"P1\n# a comment\n2 1\n1 0\n", [0, 255]),
        (b"P1 2 1 10", [0, 255]),
        (b"P2\n#c\n3 1\n#d\n5\n0 5 1\n", [0, 255, 51]),
        (b"P2 2 1 65535 65535 25700", [255, 100]),
        (b"P3\n1 1\n255\n1 2 3\n", [[1, 2, 3]]),
        (b"P3 1 1 65535 65535 25700 0", [[255, 100, 0]]),
        (b"P4 2 1 \x80", [0, 255]),
        (b"P5 # c\n2 1\n255\n\x07\xff", [7, 255]),
        (b"P5 2 1 5 \x05\x01", [255, 51]),
        (b"P5 2 1 65535 \xff\xff\x64\x64", [255, 100]),
        (b"P5 2 1 1000 " + struct.pack(">2H", 1000, 200), [255, 51]),
        (b"P6 1 1 255 \x01\x02\x03", [[1, 2, 3]]),
        (b"P6 1 1 65535 " + SHORTS.pack(65535, 25700, 0), [[255, 100, 0]]),
        (b"P6 1 1 5 \x05\x01\x00", [[255, 51, 0]]),
    ],
)
def test_portable_maps_of_every_kind(content, expected):
    assert first_row(content)[0] == expected


@pytest.mark.parametrize("content", [b"P5 2 1 5 \xff\x01", b"P6 1 1 1000 " + SHORTS.pack(2000, 0, 0), b"P2 1 1 5 9"])
def test_a_value_above_the_largest_of_a_map_is_refused(content):
    with pytest.raises(UnreadablePicture, match=r"largest is said to be|too large"):
        decode_picture(content, 1)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (png(4, 1, 2, 0, [b"\x1b"]), [0, 85, 170, 255]),
        (png(2, 1, 4, 0, [b"\x3f"]), [51, 255]),
        (png(8, 1, 1, 0, [b"\xa0"])[:], [255, 0, 255, 0, 0, 0, 0, 0]),
        # A transparent value is white; that of 2 bits stands in the file as 0 to 3.
        (png(4, 1, 2, 0, [b"\x1b"], [(b"tRNS", b"\0\1")]), [0, 255, 170, 255]),
        (png(2, 1, 8, 0, [b"\x07\x08"], [(b"tRNS", b"\0\7")]), [255, 8]),
        (png(2, 1, 16, 0, [b"\x00\x08\x64\x64"], [(b"tRNS", b"\0\x08")]), [255, 100]),
        (png(2, 1, 8, 2, [b"\1\1\1\2\2\2"], [(b"tRNS", SHORTS.pack(1, 1, 1))]), [[255, 255, 255], [2, 2, 2]]),
        (png(1, 1, 16, 2, [SHORTS.pack(65535, 25700, 0)]), [[255, 100, 0]]),
        (png(2, 1, 16, 4, [struct.pack(">4H", 25700, 65535, 7, 0)]), [100, 255]),
        (png(1, 1, 16, 6, [struct.pack(">4H", 25700, 0, 65535, 65535)]), [[100, 0, 255]]),
    ],
)  # fmt: skip
def test_png_of_every_depth(content, expected):
    assert first_row(content)[0] == expected


def test_a_transparent_colour_of_16_bits_is_refused():
    content = png(2, 1, 16, 2, [SHORTS.pack(8, 8, 8) * 2], [(b"tRNS", SHORTS.pack(8, 8, 9))])
    with pytest.raises(UnreadablePicture, match="16 bits"):
        read_header(content)


@pytest.mark.parametrize(
    "content",
    [
        png(1, 1, 16, 2, [SHORTS.pack(1, 2, 3)]), b"P6 1 1 65535 " + SHORTS.pack(1, 2, 3), b"P5 1 1 300 \0\1",
        saved(Image.fromarray(np.array([[1]], np.uint16)), "TIFF"),
    ],
)  # fmt: skip
def test_every_16_bits_are_said(tmp_path, content):
    assert "16 bits scaled to 8: 1" in notes_of(tmp_path, content)


INKS = np.array([[[0, 0, 0, 0], [255, 0, 0, 0], [0, 0, 0, 255], [0, 255, 255, 0]]], np.uint8)
OF_INKS = [[255, 255, 255], [0, 255, 255], [0, 0, 0], [255, 0, 0]]
"""No ink is white; cyan takes red away; black takes all; magenta and yellow leave red."""


def printed(adobe, suffix="JPEG"):
    """Inks in blocks of 16x16: with Adobe's mark a JPEG stores what is left of the light, without it the inks."""
    wide = np.repeat(np.repeat(INKS, 16, axis=0), 16, axis=1)
    size = wide.shape[1], wide.shape[0]
    if suffix != "JPEG":
        return saved(Image.frombytes("CMYK", size, wide.tobytes()), suffix)
    # Pillow turns inks over and writes Adobe's mark; a file without it has both undone here.
    content = saved(Image.frombytes("CMYK", size, (wide if adobe else 255 - wide).tobytes()), "JPEG", quality=100)
    if not adobe:
        place = content.index(b"\xff\xee\x00\x0eAdobe")
        content = content[:place] + content[place + 16 :]
    return content


@pytest.mark.parametrize("adobe", [True, False])
def test_inks_of_a_jpeg_with_and_without_adobes_mark(tmp_path, adobe):
    row, header = first_row(printed(adobe))
    assert np.abs(np.array(row[8::16]) - OF_INKS).max() <= 3
    assert header.colours.upright is not adobe
    assert "inks (CMYK) turned into red, green and blue" in notes_of(tmp_path, printed(adobe), "x.jpg")


def test_inks_of_a_tiff():
    assert first_row(printed(adobe=False, suffix="TIFF"))[0][8::16] == OF_INKS


SRGB = {"r": (0.43607, 0.22249, 0.01392), "g": (0.38515, 0.71687, 0.09708), "b": (0.14307, 0.06061, 0.71410)}
"""The primaries of sRGB as a profile has them: adapted to D50 (IEC 61966-2-1, ICC.1)."""


def profile(gamma, order="rgb"):
    """Write the shortest profile of a screen by hand (ICC.1:2001): three primaries, a white, one gamma."""
    point = struct.Struct(">4s4x3i")
    xyz = {letter: point.pack(b"XYZ ", *(round(value * 65536) for value in SRGB[letter])) for letter in "rgb"}
    curve = struct.pack(">4s4xIH2x", b"curv", 1, round(gamma * 256))
    tags = [(letter.encode() + b"XYZ", xyz[given]) for letter, given in zip("rgb", order, strict=True)]
    tags += [(letter.encode() + b"TRC", curve) for letter in "rgb"]
    tags.append((b"wtpt", point.pack(b"XYZ ", 63190, 65536, 54061)))
    tags += [(b"desc", struct.pack(">4s4xI1s79x", b"desc", 1, b"\0")), (b"cprt", b"text\0\0\0\0none")]
    place, table, body = 128 + 4 + 12 * len(tags), b"", b""
    for name, content in tags:
        table += name + struct.pack(">II", place + len(body), len(content))
        body += content + b"\0" * (-len(content) % 4)
    total = place + len(body)
    header = struct.pack(">I4sI4s4s4s", total, b"none", 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    header = (header + bytes(12) + b"acsp").ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def linear_to_srgb(value):
    """s = 1.055 l^(1/2.4) - 0.055 above 0.0031308 (IEC 61966-2-1)."""
    return round(255 * (1.055 * (value / 255) ** (1 / 2.4) - 0.055))


@pytest.mark.parametrize("suffix", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_a_colour_profile_is_applied_and_said(tmp_path, suffix):
    options = {"quality": 100, "lossless": True} if suffix == "WEBP" else {"quality": 100} if suffix == "JPEG" else {}
    content = saved(Image.new("RGB", (16, 16), (64, 128, 200)), suffix, icc_profile=profile(1.0), **options)
    row, header = first_row(content)
    assert np.abs(np.array(row[0]) - [linear_to_srgb(value) for value in (64, 128, 200)]).max() <= 2
    assert header.colours.profile == "applied"
    assert "colours brought to sRGB by the profile of the file: 1" in notes_of(tmp_path, content)


def test_a_profile_with_red_and_blue_exchanged_exchanges_them():
    content = saved(Image.new("RGB", (1, 1), (255, 0, 0)), "PNG", icc_profile=profile(2.2, "bgr"))
    assert first_row(content)[0] == [[0, 0, 255]]


def test_a_profile_and_transparency():
    picture = Image.new("RGBA", (2, 1), (64, 64, 64, 255))
    picture.putpixel((1, 0), (64, 64, 64, 0))
    row = first_row(saved(picture, "PNG", icc_profile=profile(1.0)))[0]
    assert np.abs(np.array(row) - [[linear_to_srgb(64)] * 3, [255] * 3]).max() <= 1


def test_a_palette_with_a_profile():
    picture = Image.new("P", (1, 1))
    picture.putpalette([64, 128, 200])
    row = first_row(saved(picture, "PNG", icc_profile=profile(1.0)))[0]
    assert np.abs(np.array(row) - [[linear_to_srgb(value) for value in (64, 128, 200)]]).max() <= 2


def test_a_grey_picture_with_a_profile_of_colours_stays_grey():
    row, header = first_row(saved(Image.new("L", (1, 1), 64), "PNG", icc_profile=profile(1.0)))
    assert header.grey
    assert abs(row[0] - linear_to_srgb(64)) <= 1


def test_the_profile_of_srgb_changes_nothing(tmp_path):
    from PIL import ImageCms

    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = saved(Image.fromarray(np.arange(48, dtype=np.uint8).reshape(1, 16, 3) * 5), "PNG", icc_profile=srgb)
    assert (np.array(first_row(content)[0]).ravel() == np.arange(48) * 5).all()
    assert "sRGB" not in notes_of(tmp_path, content)


@pytest.mark.parametrize("damaged", [b"no profile", profile(1.0)[:150], profile(1.0).replace(b"RGB ", b"CMYK")])
def test_a_profile_that_cannot_be_read_is_said_and_colours_stay(tmp_path, damaged):
    content = saved(Image.new("RGB", (1, 1), (64, 128, 200)), "PNG", icc_profile=damaged)
    assert first_row(content)[0] == [[64, 128, 200]]
    assert "colour profile cannot be read" in notes_of(tmp_path, content)


def test_a_gamma_that_is_not_applied_is_said(tmp_path):
    content = png(1, 1, 8, 0, [b"\x80"], [(b"gAMA", struct.pack(">I", 100000))])
    assert "gamma of the file not applied" in notes_of(tmp_path, content)
    usual = png(1, 1, 8, 0, [b"\x80"], [(b"gAMA", struct.pack(">I", 45455))])
    assert not read_header(usual).colours.gamma


@pytest.mark.parametrize(
    ("suffix", "options"),
    [("GIF", {}), ("WEBP", {"lossless": True}), ("PNG", {}), ("PNG", {"default_image": True}), ("TIFF", {})],
)
def test_the_first_picture_of_several_is_used_and_said(tmp_path, suffix, options):
    red, blue = (Image.new("RGB", (2, 2), colour) for colour in ("red", "blue"))
    content = saved(red, suffix, save_all=True, append_images=[blue], **options)
    assert first_row(content)[0] == [[255, 0, 0]] * 2
    assert "the first picture of several used: 1" in notes_of(tmp_path, content, f"x.{suffix.lower()}")


@pytest.mark.parametrize("suffix", ["JPEG", "TIFF", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_rotation_tags_of_other_formats(suffix, orientation):
    upright = np.kron(np.array([[0, 50, 100], [150, 200, 250]], np.uint8), np.ones((16, 16), np.uint8))
    stored = {
        1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1],
        5: upright.T, 6: upright.T[::-1], 7: upright.T[::-1, ::-1], 8: upright.T[:, ::-1],
    }[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = saved(Image.fromarray(np.ascontiguousarray(stored)).convert("RGB"), suffix, exif=exif)
    header = read_header(content)
    assert (header.width, header.height) == (48, 32)
    assert np.abs(decode_picture(content, 1)[0][8::16, 8::16].astype(int) - upright[8::16, 8::16]).max() <= 4


def announced(suffix, place, kind, *sides):
    """A picture of 16x16 whose header was changed to other sides."""
    raw = bytearray(saved(Image.new("L", (16, 16)), suffix))
    struct.pack_into(kind, raw, place(bytes(raw)), *sides)
    return bytes(raw)


def test_a_picture_of_ten_thousand_by_ten_thousand_is_refused_by_its_header():
    side = 10_000
    for content in (
        png(side, side, 1, 0, [b""]), b"P5 10000 10000 255 ", b"P6 10000 10000 255 ",
        announced("GIF", lambda raw: 6, "<HH", side, side), announced("BMP", lambda raw: 18, "<ii", side, side),
        announced("JPEG", lambda raw: raw.index(b"\xff\xc0") + 5, ">HH", side, side),
        saved(Image.new("1", (side, side)), "TIFF"),
    ):  # fmt: skip
        tracemalloc.start()
        with quietly(), pytest.raises(UnreadablePicture, match="10000x10000 pixels, more than 64 million"):
            read_header(content)
        assert tracemalloc.get_traced_memory()[1] < 2**20
        tracemalloc.stop()


@pytest.mark.parametrize(
    "values", [np.array([[0.5]], np.float32), np.array([[70_000]], np.int32), np.array([[-1]], np.int32)]
)
def test_values_without_a_known_white_are_refused(values):
    with pytest.raises(UnreadablePicture, match="no known white"):
        decode_picture(saved(Image.fromarray(values), "TIFF"), 1)
