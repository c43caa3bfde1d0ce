"""Look at pictures in a process of its own: the path of one a line comes in, what was seen of it goes out.

python -m layerwise.data.picture_worker
"""

from __future__ import annotations

import base64
import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path

from layerwise.data.kinds import picture_digest
from layerwise.data.picture_hashes import sketch_of
from layerwise.data.pictures import UnreadablePicture, pixels_of, quietly, read_picture


def seen(path: Path) -> object:
    """Return header, hash and sketch of a picture as plain values; None where it cannot be read.

    Why it cannot be read is found out by whoever asked: in the language of the user, and beside all other problems.
    """
    try:
        header, picture = read_picture(path)
    except (UnreadablePicture, OSError):
        return None
    found = picture_digest(pixels_of(picture)), sketch_of(picture).tobytes()
    return [asdict(header), *(base64.b64encode(part).decode() for part in found)]


def main() -> None:
    """Answer line by line until nothing more is asked."""
    # Ctrl-C reaches every process of a console; the one that asks ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with quietly():
        for line in sys.stdin:
            sys.stdout.write(json.dumps(seen(Path(json.loads(line)))) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
