"""A source: roles, subsets, ids, row hashes and the fingerprint."""

from dataclasses import replace

import numpy as np

from layerwise.data.kinds import Categories, Numbers, Texts
from layerwise.data.source import ROLES, Field, Source


def patients(**changes):
    columns = {
        "id": Texts(["p1", "p2", "p3"]),
        "age": Numbers(np.array([30.0, 41.0, 30.0])),
        "sex": Categories(np.array([0, 1, 0]), ("f", "m")),
    } | changes
    return Source("patients", "memory", (Field("id", "id"), Field("age"), Field("sex", "target")), columns)


def test_fields_are_named_by_role():
    whole = patients()
    assert [whole.named(role) for role in ("id", "input", "target", "group")] == [("id",), ("age",), ("sex",), ()]
    assert whole.assign({"sex": "unused"}).named("target") == ()
    assert {"input", "target", "id", "weight", "part", "group", "time"} <= set(ROLES)


def test_ids_are_the_id_field_else_the_place_in_the_file():
    whole = patients()
    assert whole.ids() == ["p1", "p2", "p3"]
    without = replace(whole.assign({"id": "unused"}), places=("line 2", "line 4", "line 5"))
    assert without.ids() == ["line 2", "line 4", "line 5"]
    assert whole.assign({"id": "unused"}).ids() == ["row 1", "row 2", "row 3"]


def test_a_subset_remembers_where_its_rows_stood():
    taken = patients().assign({"id": "unused"}).take(np.array([2, 0]))
    assert (len(taken), taken.ids()) == (2, ["row 3", "row 1"])
    assert taken.take(np.array([1])).ids() == ["row 1"]


def test_equal_rows_have_equal_hashes_over_the_chosen_roles():
    whole = patients()
    first, second, third = whole.row_digests("input")
    assert (first == third, first == second) == (True, False)
    assert len(set(whole.row_digests("input", "id"))) == 3
    assert whole.row_digests("group") == []


def test_neighbouring_texts_do_not_run_together():
    codes = {"a": Categories(np.array([0, 1]), ("x", "xy")), "b": Categories(np.array([1, 0]), ("z", "yz"))}
    whole = Source("s", "memory", (Field("a"), Field("b")), codes)
    assert len(set(whole.row_digests("input"))) == 2


def test_the_fingerprint_changes_with_every_cell_name_and_role():
    whole = patients()
    others = [
        patients(age=Numbers(np.array([30.0, 41.0, 30.000001]))),
        patients(sex=Categories(np.array([0, 1, 0]), ("f", "x"))),
        patients(id=Texts(["p1", "p2", "P3"])),
        whole.assign({"age": "unused"}),
        whole.take(np.array([1, 0, 2])),
    ]
    assert whole.fingerprint() == patients().fingerprint()
    assert len({whole.fingerprint(), *(other.fingerprint() for other in others)}) == 6


def test_an_empty_source_has_no_rows():
    assert len(Source("s", "memory", (), {})) == 0
