"""When photos were taken is read from every format that tells it, so bursts are found whatever the phone stores."""

import io
import math

import numpy as np
import pytest
from PIL import Image, features

from layerwise.data.near_duplicates import near_duplicates
from layerwise.data.open import open_source
from layerwise.data.pictures import decode_picture, read_header

FORMATS = ("JPEG", "TIFF", "PNG", "WEBP", "AVIF", "HEIF")
MOMENT = "2024:05:01 12:00:03"
SECONDS = 63_850_161_603.25
"""From 1 January of year 1 to 1 May 2024 739,006 days go by (Gregorian calendar), then 12 h 0 min 3.25 s."""


def stored(picture, form, tags):
    """Return a picture with tags as a file of a format; the test ends where nothing here writes that format."""
    buffer = io.BytesIO()
    if form == "HEIF":
        heif = pytest.importorskip("pillow_heif")
        heif.from_pillow(picture).save(buffer, quality=90, exif=tags.tobytes())
    elif form == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow writes no AVIF")
    else:
        picture.save(buffer, form, exif=tags.tobytes())
    return buffer.getvalue()


def tagged(moment, fraction="25", turn=1):
    tags = Image.Exif()
    tags[0x0112] = turn
    tags.get_ifd(0x8769).update({0x9003: moment, 0x9291: fraction})
    return tags


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_tells_when_a_photo_was_taken(form):
    content = stored(Image.new("RGB", (64, 48), "red"), form, tagged(MOMENT))
    header = read_header(content)
    assert header.format == form
    assert header.taken == SECONDS
    assert math.isnan(read_header(stored(Image.new("RGB", (64, 48), "red"), form, Image.Exif())).taken)


@pytest.mark.parametrize("form", FORMATS)
def test_tags_turn_a_picture_once(form):
    # White above; a quarter to the right brings the upper half to the right.
    drawn = np.zeros((32, 64, 3), np.uint8)
    drawn[:16] = 255
    content = stored(Image.fromarray(drawn), form, tagged(MOMENT, turn=6))
    header, pixels = read_header(content), decode_picture(content, 3)
    assert (header.width, header.height, header.taken) == (32, 64, SECONDS)
    assert pixels.shape == (3, 64, 32)
    assert pixels[:, :, :14].max() < 30
    assert pixels[:, :, 18:].min() > 225


@pytest.mark.parametrize("form", FORMATS)
def test_a_burst_is_found_in_every_format(tmp_path, form):
    blobs = np.random.default_rng(13).integers(0, 256, (7, 9, 3), np.uint8)
    scene = Image.fromarray(blobs).resize((220, 150), Image.Resampling.BICUBIC)
    photos = {"a": [scene.crop((4 * place, 3 * place, 4 * place + 160, 3 * place + 120)) for place in range(3)]}
    others = [np.random.default_rng(place).integers(0, 256, (7, 9, 3), np.uint8) for place in range(3)]
    photos["b"] = [Image.fromarray(other).resize((160, 120), Image.Resampling.BICUBIC) for other in others]
    for hour, (name, taken) in enumerate(photos.items()):
        (tmp_path / name).mkdir()
        for place, photo in enumerate(taken):
            content = stored(photo, form, tagged(f"2024:05:01 1{hour}:00:0{place}"))
            (tmp_path / name / f"{place}.{form.lower()}").write_bytes(content)
    found = near_duplicates(open_source(str(tmp_path)))
    assert (found.sets, set(found.ways)) == (((0, 1, 2),), {"burst"})
