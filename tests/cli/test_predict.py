"""`layerwise predict`: tables and pictures that differ from the training data, and what is said about it."""

import csv
import os

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def table(place):
    """Write a table made from the training table by a change of its rows."""

    def written(name, change):
        with (place / "flowers.csv").open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        changed = [change(dict(row)) for row in rows]
        with (place / name).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(changed[0]))
            writer.writeheader()
            writer.writerows(changed)
        return name

    return written


def without(row, *names):
    return {name: value for name, value in row.items() if name not in names}


def answers(command, *words):
    answer = command("predict", *words, "--json")
    assert answer.code == 0, answer.err
    return answer.json


def test_the_target_may_be_absent_and_this_is_said(table, command):
    whole = answers(command, "flowers", "flowers.csv")
    plain = answers(command, "flowers", table("plain.csv", lambda row: without(row, "kind")))
    assert plain["predictions"] == whole["predictions"]
    assert plain["notes"] == ["No target 'kind' in these data: answers without a check."]
    assert whole["notes"] == []


def test_columns_may_stand_in_another_order(table, command):
    turned = table("turned.csv", lambda row: dict(reversed(row.items())))
    assert (
        answers(command, "flowers", turned)["predictions"] == answers(command, "flowers", "flowers.csv")["predictions"]
    )


def test_an_extra_column_is_named_and_left_aside(table, command):
    wider = table("wider.csv", lambda row: {"garden": "north", **row})
    answer = answers(command, "flowers", wider)
    assert answer["notes"] == ["Fields the network does not know are left aside: garden."]
    assert answer["predictions"] == answers(command, "flowers", "flowers.csv")["predictions"]


def test_a_missing_column_is_named(table, command):
    answer = command("predict", "flowers", table("narrow.csv", lambda row: without(row, "length")))
    assert answer.code == 1
    assert "'narrow.csv' lacks 'length'" in answer.err
    assert "Traceback" not in answer.err


def test_a_column_of_another_kind_is_named(table, command):
    answer = command("predict", "flowers", table("words.csv", lambda row: row | {"length": "long " + row["length"]}))
    assert answer.code == 1
    assert "'length' was" in answer.err


def test_an_empty_cell_is_filled_in_as_in_training_and_counted(table, command):
    holes = table("holes.csv", lambda row: row | {"width": "" if row["width"] == "1.00" else row["width"]})
    assert (
        "Missing values of 'width' that were filled in as in training: 1."
        in answers(command, "flowers", holes)["notes"]
    )


def test_a_category_that_training_never_saw_is_answered(table, command):
    new = table("new.csv", lambda row: row | {"colour": "green"})
    assert len(answers(command, "flowers", new)["predictions"]) == 48


def test_class_names_scores_and_ids(here, command):
    rows = answers(command, "flowers", "flowers.csv")["predictions"]
    assert rows[0]["id"] == "line 2"
    for row in rows:
        assert set(row["scores"]) == {"iris", "rose"}
        assert sum(row["scores"].values()) == pytest.approx(1)
        assert row["scores"][row["prediction"]] == max(row["scores"].values())


def test_an_id_field_of_training_names_the_answers(table, command):
    named = table("named.csv", lambda row: {"plant": f"p{row['width']}", **row})
    assert command(f"train {named} knn --id plant --target kind --run named --quiet").code == 0
    assert answers(command, "named", named)["predictions"][3]["id"] == "p3.03"


def test_several_files_are_answered_in_their_order(table, command):
    table("first.csv", lambda row: row)
    table("second.csv", lambda row: row)
    both = answers(command, "flowers", "first.csv", "second.csv")["predictions"]
    one = answers(command, "flowers", "first.csv")["predictions"]
    assert [row["scores"] for row in both] == [row["scores"] for row in one] * 2


def test_the_newest_run_answers_when_none_is_named(here, command):
    assert answers(command, "flowers.csv") == answers(command, "flowers", "flowers.csv")


def test_all_answers_are_written_and_twenty_are_shown(place, command):
    shown = command("predict flowers flowers.csv --to answers.csv")
    assert "... and 28 more; --to FILE.csv writes all." in shown.out
    with (place / "answers.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    expected = answers(command, "flowers", "flowers.csv")["predictions"]
    assert [row["prediction"] for row in rows] == [row["prediction"] for row in expected]
    assert [float(row["rose"]) for row in rows] == pytest.approx([row["scores"]["rose"] for row in expected])


def test_a_regression_answers_in_the_units_of_the_target(here, command):
    rows = answers(command, "diabetes", "diabetes")["predictions"]
    values = [row["scores"]["progression"] for row in rows]
    assert 25 < min(values) < max(values) < 346 + 100
    assert 100 < np.mean(values) < 200


def digit(row: int) -> np.ndarray:
    from sklearn.datasets import load_digits

    return (load_digits().images[row] / 16 * 255).round().astype(np.uint8)


def folder_of_digits(place) -> None:
    for row in range(80):
        from sklearn.datasets import load_digits

        kind = load_digits().target[row]
        if kind < 2:
            path = place / "photos" / ("one" if kind else "zero") / f"{row:03}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(digit(row)).save(path)


def test_single_pictures_are_answered_by_their_names(place, command):
    folder_of_digits(place)
    assert command("train photos lenet5 --epochs 2 --threads 1 --run photos --quiet").code == 0
    files = sorted(str(path) for path in (place / "photos").rglob("*.png"))
    one = answers(command, "photos", files[0])["predictions"]
    both = answers(command, "photos", files[0], files[-1])["predictions"]
    assert len(one) == 1
    assert one[0]["id"].endswith(os.path.basename(files[0]))
    assert set(one[0]["scores"]) == {"one", "zero"}
    assert [row["id"].rpartition("/")[2] for row in both] == [os.path.basename(files[0]), os.path.basename(files[-1])]
    whole = {row["id"].rpartition("/")[2]: row for row in answers(command, "photos", "photos")["predictions"]}
    for row in both:
        assert whole[row["id"].rpartition("/")[2]]["scores"] == pytest.approx(row["scores"], abs=1e-6)


def test_a_damaged_picture_is_named(place, command):
    folder_of_digits(place)
    assert command("train photos lenet5 --epochs 1 --threads 1 --run photos --quiet").code == 0
    whole = next((place / "photos").rglob("*.png")).read_bytes()
    (place / "cut.png").write_bytes(whole[: len(whole) // 2])
    answer = command("predict photos cut.png")
    assert answer.code == 1
    assert "cut.png" in answer.err
    assert "Traceback" not in answer.err
