"""Look at pictures in a process of its own: the path of one a line comes in, what was seen of it goes out.

python -m layerwise.data.picture_worker
"""

from __future__ import annotations

import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path

from layerwise.data.picture_memory import look_of, own_channels, written
from layerwise.data.pictures import LARGE, UnreadablePicture, picture_of, quietly, read_header


def seen(path: Path) -> object:
    """Return header, hash and sketch of a picture as plain values; None where it cannot be read, or is very large.

    Why it cannot be read is found out by whoever asked: in the language of the user, and beside all other problems. So
    are very large ones decoded there, one after another: several at once would fill the memory.
    """
    try:
        header = read_header(path)
        if header.width * header.height > LARGE:
            return None
        return [asdict(header), *written(look_of(picture_of(path, own_channels(header))))]
    except (UnreadablePicture, OSError):
        return None


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
