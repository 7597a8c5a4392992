"""Where people's own pictures are kept, how they are found, and when they go."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from afn.data import catalogue, dataset_entry, load_dataset
from afn.data.own.reading import Readings
from afn.data.own.store import OwnSets, without
from afn.runs.store import RunStore
from tests.data.own.conftest import Taken, pictures, zipped
from tests.waiting import wait_for


class Upload:
    def __init__(self, name: str, data: bytes) -> None:
        self.name, self._data = name, data

    def getbuffer(self) -> memoryview:
        return memoryview(self._data)


def test_a_process_of_its_own_reads_and_leaves_no_file_by_its_name(runs: Path) -> None:
    readings, data = Readings(runs), zipped(pictures("cats", "dogs"))
    reading = readings.start([Upload("Anna's birthday.zip", data)], owner="anna")
    bad = readings.start([Upload("x.zip", data[:50])])
    wait_for(lambda: reading.is_over and bad.is_over, "the end of both")
    assert (reading.done, reading.total, reading.error) == (10, 10, "")
    assert bad.error == "x.zip: it is cut short or damaged: upload it again"
    names = {path.name for path in runs.rglob("*")}
    assert names == {".own", reading.made, "pictures.npz", "record.json"}
    assert "Anna" not in (runs / ".own" / reading.made / "record.json").read_text()
    assert RunStore(runs).list() == []


def test_one_that_is_somebodys_is_in_no_list_and_found_by_its_name(take: Taken, runs: Path) -> None:
    mine = take(("a.zip", zipped(pictures("cats", "dogs"))))
    sets = OwnSets(runs)
    theirs = sets.keep(sets.gathered(mine), owner="anna")
    names = catalogue()
    assert mine.name in names
    assert theirs.name not in names
    assert dataset_entry(theirs.name).title == "cats, dogs"
    assert len(load_dataset(theirs.name).x_train) == 8
    with pytest.raises(ValueError, match="unknown data set") as error:
        load_dataset("nothing-of-that-name")
    assert theirs.name not in str(error.value)


def test_it_goes_after_its_days_and_says_so(take: Taken, runs: Path) -> None:
    found = take(("a.zip", zipped(pictures("cats", "dogs"))))
    sets = OwnSets(runs)
    old = replace(found, name="own-" + 16 * "0", created=time.time() - 8 * 86_400)
    sets._write(old, sets.pictures(found.name))
    left = sets.root / ".upload-1"
    left.mkdir()
    os.utime(left, (0, 0))
    sets.clear(float("inf"))
    assert len(sets.list()) == 2
    assert not left.exists()
    sets.clear(7)
    assert [each.name for each in sets.list()] == [found.name]
    with pytest.raises(ValueError, match=f"the pictures of {old.name} are no longer here"):
        dataset_entry(old.name)


@pytest.mark.parametrize("name", ["own-../../x", "own-", "../own-0123456789abcdef", "own-XYZ"])
def test_no_other_name_reaches_a_folder(take: Taken, runs: Path, name: str) -> None:
    take(("a.zip", zipped(pictures("cats", "dogs"))))
    sets = OwnSets(runs)
    assert sets.find(name) is None
    sets.forget(name)
    assert len(sets.list()) == 1


def test_a_class_can_be_left_out(take: Taken, runs: Path) -> None:
    sets = OwnSets(runs)
    found = take(("a.zip", zipped(pictures("a", "b", "c"))))
    left = sets.keep(without(sets.gathered(found), [1]))
    assert left.class_names == ("a", "c")
    assert left.num_train + left.num_test == 10


def test_a_damaged_record_hides_the_set_alone(take: Taken, runs: Path) -> None:
    one = take(("a.zip", zipped(pictures("a", "b"))))
    two = take(("a.zip", zipped(pictures("a", "c"))))
    (runs / ".own" / one.name / "record.json").write_text("{")
    assert [each.name for each in OwnSets(runs).list()] == [two.name]
    (runs / ".own" / two.name / "pictures.npz").write_bytes(b"PK")
    with pytest.raises(ValueError, match="gone or damaged: drop them anew"):
        load_dataset(two.name)
