"""Pictures that look like photos, and copies of pictures as people make them."""

import io

import numpy as np
from PIL import Image


def photo_like(count, *, seed=0, width=160, height=120):
    """Return pictures whose spectrum falls with frequency as that of photos does (Field 1987), each another one."""
    generator = np.random.default_rng(seed)
    down, across = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    falling = 1 / np.maximum(np.hypot(down, across), 1 / width) ** 1.2
    pictures = []
    for _ in range(count):
        noise = generator.normal(size=(3, *falling.shape)) + 1j * generator.normal(size=(3, *falling.shape))
        # Colours of photos go together: most of each channel is common to all three.
        planes = np.fft.irfft2((noise[:1] + 0.4 * noise) * falling, s=(height, width))
        planes -= planes.mean(axis=(1, 2), keepdims=True)
        planes = 128 + 50 * planes / planes.std()
        pictures.append(Image.fromarray(np.clip(planes, 0, 255).astype(np.uint8).transpose(1, 2, 0)))
    return pictures


def stored_again(picture, quality):
    """Return a picture that went through a JPEG file."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert(picture.mode)


def resized(picture, factor, filter=Image.Resampling.BICUBIC):
    """Return a picture of another size."""
    width, height = picture.size
    return picture.resize((max(1, round(width * factor)), max(1, round(height * factor))), filter)


KINDS = {
    "copied": lambda picture, _: picture,
    "stored again": lambda picture, generator: stored_again(picture, int(generator.integers(60, 96))),
    "resized": lambda picture, generator: resized(
        picture, float(np.exp(generator.uniform(np.log(0.5), np.log(2)))),
        [Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS][generator.integers(3)],
    ),
    "mirrored": lambda picture, generator: picture.transpose(
        [Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.FLIP_TOP_BOTTOM][generator.integers(2)]
    ),
    "turned": lambda picture, generator: picture.transpose(
        [Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270][generator.integers(3)]
    ),
    "mirrored, smaller, stored again": lambda picture, generator: stored_again(
        resized(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT), 0.6), int(generator.integers(60, 96))
    ),
}  # fmt: skip
"""How copies are made, by name."""


def write_folder(folder, pictures, *, classes=2, prefix="photo"):
    """Write pictures into class folders as PNG; returns their names below the folder."""
    names = []
    for place, picture in enumerate(pictures):
        name = f"{'abcdefgh'[place % classes]}/{prefix}{place:04}.png"
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        picture.save(folder / name)
        names.append(name)
    return names
