import csv
import random
from pathlib import Path

import pytest

from report.reading import HOSTILE, trained


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """A folder of runs; each is trained when a test first asks for it."""
    return tmp_path_factory.mktemp("reports")


def once(runs, name, make):
    from layerwise.runs.folder import RunFolder
    from layerwise.runs.opened import open_run

    folder = runs / name
    return open_run(RunFolder(folder)) if (folder / "data.json").exists() else make(folder)


@pytest.fixture
def iris(runs):
    return once(runs, "iris", lambda folder: trained(folder, "iris", "mlp", {"epochs": 30}))


@pytest.fixture
def diabetes(runs):
    return once(runs, "diabetes", lambda folder: trained(folder, "diabetes", "mlp", {"epochs": 10}))


@pytest.fixture
def tumours(runs):
    return once(runs, "tumours", lambda folder: trained(folder, "breast-cancer", "knn", {}))


@pytest.fixture
def digits(runs):
    return once(runs, "digits", lambda folder: trained(folder, "digits", "mlp", {"epochs": 2}, {"hidden": (16,)}))


@pytest.fixture
def hostile(runs):
    def make(folder: Path):
        path = runs / "hostile.csv"
        chance = random.Random(1)
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["<img src=x onerror=alert(1)>", "키(cm)", "종류"])
            for row in range(180):
                number = row % 3
                first = "" if row % 17 == 0 else f"{number + chance.gauss(0, 0.7):.3f}"
                writer.writerow([first, f"{chance.gauss(0, 1) - number:.3f}", HOSTILE[number]])
        return trained(folder, str(path), "mlp", {"target": "종류", "epochs": 5})

    return once(runs, "hostile", make)
