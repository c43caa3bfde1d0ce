"""Named data sets: which files each consists of, where they lie on this machine, and where they can be had.

A set is looked for in the folders that the environment variable `LAYERWISE_DATA` lists, then in the user's cache.
Nothing is fetched unless the user asks for it.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from layerwise.catalog import find
from layerwise.data.kinds import Categories
from layerwise.data.source import Field, Source
from layerwise.errors import LayerwiseError, nearest
from layerwise.files import sha256
from layerwise.language import say

__all__ = ["NAMED", "NamedSet", "cache_folder", "locate", "named_set", "open_named"]


@dataclass(frozen=True)
class NamedSet:
    """One named data set.

    Args:
        folder: Folder below `LAYERWISE_DATA` or the cache.
        summary: What it holds.
        licence: Licence or terms as its publisher states them.
        format: Format that reads it.
        file: File in the folder that is read; empty where the folder itself is.
        options: Options of the format.
        roles: Roles of fields that differ from what their names suggest.
        checksums: SHA-256 of each file that belongs to it, for the fetched ones also what must arrive.
        home: Address of a folder on the web that holds these files; empty where there is none.
    """

    folder: str
    summary: str
    licence: str
    format: str
    file: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    checksums: Mapping[str, str] = field(default_factory=dict)
    home: str = ""
    tested: str = ""
    """Regular expression that the places of the test rows match, where their names say it; empty where they do not."""


UCI = "UCI Machine Learning Repository, CC BY 4.0"

NAMED = {
    "mnist": NamedSet(
        "mnist", "70,000 handwritten digits of 28x28 grey pixels, 10,000 of them the test part",
        "CC BY-SA 3.0 as usually stated; Y. LeCun, C. Cortes, C. Burges", "idx",
        checksums={
            "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        },
        home="https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    "pima": NamedSet(
        "tabular", "768 women, eight measurements, diabetes or not", UCI, "csv", "csv/pima-indians-diabetes.csv",
        roles={"class": "target"},
        checksums={
            "csv/pima-indians-diabetes.csv": "c1b530cb22b468b5bc6da61d1467eec08882409d8edf89b0c7ae7bf6596b86f2",
        },
    ),
    "seoul-temperature": NamedSet(
        "korean_cp949", "daily air temperature of Seoul, 1907 to 2019 (CP949)",
        "Korea Meteorological Administration, open data, attribution", "csv", "seoul.csv",
        roles={"평균기온(℃)": "target", "일시": "time", "최고기온시각": "unused", "최저기온시각": "unused"},
        checksums={"seoul.csv": "120618651e12ac5c5c01d5b5cc9485879585e5c8f8fe92b9ceffc43ad7f191b5"},
    ),
    "seoul-bike": NamedSet(
        "timeseries_regression", "8,760 hours of bicycle rental in Seoul", UCI, "csv", "SeoulBikeData.csv",
        roles={"Rented Bike Count": "target", "Date": "time"},
        checksums={"SeoulBikeData.csv": "aca75d9c84bfaa1fc534e907af29f99a3b85daa9ffcd7496185efb4d939393f2"},
    ),
    "air-quality": NamedSet(
        "timeseries_regression", "9,357 hours of air quality in an Italian city; -200 means missing", UCI, "csv",
        "AirQualityUCI.csv", options={"missing_words": ("-200",)},
        roles={"C6H6(GT)": "target", "Date": "time", "Time": "unused"},
        checksums={"AirQualityUCI.csv": "04bbf8f50eff6c7f62fa828118a86e24ad2550f54ce0600376b92b708527984c"},
    ),
    "parkinsons": NamedSet(
        "timeseries_regression", "5,875 voice recordings of 42 patients; each patient stays in one part", UCI, "csv",
        "parkinsons_updrs.data", roles={"total_UPDRS": "target", "motor_UPDRS": "unused", "subject#": "group"},
        checksums={"parkinsons_updrs.data": "f2c7d5025dec4e92e7feae367a5f7ccf58789a10ac6b54bdf15976c599f9dd39"},
    ),
    "orl-faces": NamedSet(
        "faces_orl", "400 faces of 40 persons; pictures 1 to 5 of each are learned from, 6 to 10 tested",
        "research use with credit to Olivetti Research Laboratory", "archive", "orl_faces.zip",
        checksums={"orl_faces.zip": "6c3e80f26dbba6f8c898559c819a0ecc99034adeecb9e4c9fc4100558500173b"},
        tested=r".*/(?:[6-9]|10)\.pgm",
    ),
    "ants-bees": NamedSet(
        "ants_bees", "397 photos of ants and bees", "unclear (subset of ImageNet): research use", "image-folder",
    ),
    "fairy-tales": NamedSet(
        "fairy_tales", "60 sentences of four fairy tales, from the lectures", "quoted from the lectures", "csv",
        "fairy_tales.tsv", roles={"subject": "target"},
        checksums={"fairy_tales.tsv": "dc3d44a532f7e9a7c379c949431015c734dec7b08e61e4f8113194f00e09d5e4"},
    ),
    "tinyshakespeare": NamedSet(
        "tinyshakespeare", "1,115,394 characters of Shakespeare's plays", "public domain; the selection of char-rnn",
        "text", "input.txt",
        checksums={"input.txt": "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"},
        home="https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/",
    ),
}  # fmt: skip
"""Every named set that today's formats read."""


def named_set(name: str) -> NamedSet:
    """Return the description of a named set.

    Raises:
        LayerwiseError: No set has that name.
    """
    if name not in NAMED:
        raise LayerwiseError(
            say("A named data set is named as in the list."), say("no named data set '{}'", name),
            nearest(name, NAMED), usage=True,
        )  # fmt: skip
    return NAMED[name]


def cache_folder() -> Path:
    """Return the folder of fetched data: `layerwise/data` in the cache folder of the system's user."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "layerwise" / "data"


def locate(name: str) -> Path | None:
    """Return the folder that holds every file of a named set, or None."""
    wanted = named_set(name)
    listed = [Path(part) for part in os.environ.get("LAYERWISE_DATA", "").split(os.pathsep) if part]
    for root in (*listed, cache_folder()):
        folder = root / wanted.folder
        if folder.is_dir() and all((folder / file).is_file() for file in wanted.checksums):
            return folder
    return None


def open_named(name: str, *, options: Mapping[str, Any] | None = None, download: bool = False) -> Source:
    """Read a named set from this machine, fetching it first only where that is asked for.

    Args:
        name: One of `NAMED`.
        options: Options of its format that go before the set's own.
        download: Fetch it where it is missing and has a home on the web.

    Raises:
        LayerwiseError: It is not on this machine and was not to be fetched, or could not be.
    """
    wanted = named_set(name)
    folder = locate(name)
    if folder is None and download:
        from layerwise.data.download import fetch

        folder = fetch(name)
    if folder is None:
        raise _absent(name, wanted)
    changed = [file for file, expected in wanted.checksums.items() if sha256(folder / file) != expected]
    source: Source = find("format", wanted.format)(folder / wanted.file, **(dict(wanted.options) | dict(options or {})))
    notes = (
        say("Read from {}.", folder / wanted.file),
        *source.notes,
        *(say("'{}' differs from the recorded checksum.", file) for file in changed),
    )
    # The name is the origin, since it is what opens the set again with its roles and options.
    source = replace(source, name=name, origin=name, notes=notes, licence=wanted.licence)
    return with_part(source.assign(wanted.roles), wanted.tested)


def with_part(source: Source, tested: str) -> Source:
    """Add a field that says which rows are the test part, by where they stand.

    Args:
        source: The rows.
        tested: Regular expression of the places of the test rows; without one nothing is added.
    """
    if not tested:
        return source
    codes = np.array([int(re.fullmatch(tested, source.place(row)) is not None) for row in range(len(source))])
    columns = {**source.columns, "part": Categories(codes, ("train", "test"))}
    return replace(source, fields=(*source.fields, Field("part", "part")), columns=columns)


def _absent(name: str, wanted: NamedSet) -> LayerwiseError:
    """Say where a set belongs, its licence, and how to get it."""
    files = ", ".join(wanted.checksums) or say("its folders")
    found = say("'{}' ({}; licence: {}) is not on this machine", name, wanted.summary, wanted.licence)
    place = say("Put {} into a folder '{}' below a folder that LAYERWISE_DATA lists.", files, wanted.folder)
    if wanted.home:
        place = say("Fetch it from {} with --download, or: {}", wanted.home, place)
    return LayerwiseError(say("A named data set lies under LAYERWISE_DATA or in the cache."), found, place)
