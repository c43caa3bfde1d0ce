"""Look at pictures in a process of its own: lists of paths come in, a line each, what was seen of them goes out.

python -m layerwise.data.picture_worker
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from layerwise.data.kinds import picture_digest
from layerwise.data.picture_hashes import reduced, sketches_of_reduced
from layerwise.data.picture_memory import own_channels, plain_header, written
from layerwise.data.pictures import LARGE, Header, UnreadablePicture, picture_of, pixels_of, quietly, read_header


def seen(paths: Sequence[Path]) -> list[list[Any] | None]:
    """Return header, hash and sketch of each picture as plain values; None where it cannot be read, or is very large.

    Why it cannot be read is found out by whoever asked: in the language of the user, and beside all other problems. So
    are very large ones decoded there, one after another: several at once would fill the memory.
    """
    found = [_decoded(path) for path in paths]
    # Sketched together: NumPy takes as long for one as for ten.
    drawn = iter(sketches_of_reduced(np.stack([one[2] for one in found if one])) if any(found) else ())
    return [[plain_header(one[0]), *written((one[1], next(drawn)))] if one else None for one in found]


def _decoded(path: Path) -> tuple[Header, bytes, np.ndarray] | None:
    """Return the header of a picture, its hash, and itself in the size of a sketch."""
    try:
        header = read_header(path)
        if header.width * header.height > LARGE:
            return None
        picture = picture_of(path, own_channels(header))
        return header, picture_digest(pixels_of(picture)), reduced(picture)
    except (UnreadablePicture, OSError):
        return None


def main() -> None:
    """Answer line by line until nothing more is asked."""
    # Ctrl-C reaches every process of a console; the one that asks ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with quietly():
        for line in sys.stdin:
            sys.stdout.write(json.dumps(seen([Path(path) for path in json.loads(line)])) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
