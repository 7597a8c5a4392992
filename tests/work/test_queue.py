"""The queue that runners and workers keep: the order of what waits, and what is forgotten."""

import os

import pytest

from afn.runs.store import Run, RunStore
from afn.settings.config import TrainConfig
from afn.work import queue as queueing
from afn.work.queue import Queue


@pytest.fixture(autouse=True)
def _places_are_told_anew(monkeypatch):
    monkeypatch.setattr(queueing, "_FRESH_SECONDS", -1.0)


@pytest.fixture
def make(tmp_path):
    """Runs of an owner by their ids."""
    store, config = RunStore(tmp_path), TrainConfig(dataset="digits8", epochs=1)

    def make(names, owner=None):
        return [store.create(config, run_id=name, owner=owner) for name in names]

    return make


@pytest.fixture
def queue(tmp_path):
    return Queue(tmp_path, tmp_path / ".queue.jsonl")


@pytest.fixture
def filled(make, queue):
    a, b, c, d = runs = make("abcd")
    queue.add_behind([d])
    queue.add([a, b])
    queue.add([c])
    return runs


def begin(queue, *, behind=False):
    """What a worker does: the ids that it begins."""
    group = queue.first_behind() if behind else queue.first()
    queue.began(group)
    for run_id in group.ids:
        (queue.file.parent / run_id / "claim.json").touch()
    return "".join(group.ids)


def test_comparisons_come_in_their_order_and_what_can_wait_behind_them(queue, filled):
    assert [run.id for _, run in queue] == ["a", "b", "c", "d"]
    assert queue.comparisons() == [["a", "b"], ["c"]]
    assert queue.behind() == ["d"]


def test_a_comparison_keeps_its_place_until_all_of_it_has_begun(queue, filled):
    a, b, c, _ = filled
    assert [queue.position(run) for run in filled] == [1, 1, 2, 0]
    queue.began(queue.first(), stays=True)
    a.claim()
    assert (queue.position(a), queue.position(b), queue.position(c)) == (0, 1, 2)
    b.claim()
    assert (queue.position(b), queue.position(c)) == (0, 1)
    assert [run.id for _, run in queue] == ["c", "d"]


def test_what_ended_before_it_began_or_was_deleted_is_forgotten(queue, filled):
    a, _, c, d = filled
    a.end("stopped")
    c.delete()
    d.claim()
    assert [run.id for _, run in queue] == ["b"]
    assert queue.comparisons() == [["a", "b"]]
    assert queue.behind() == []


def test_nobody_waits_behind_the_twenty_runs_of_another(queue, make):
    for run in make((f"ann{i:02}" for i in range(20)), "ann"):
        queue.add([run])
    assert begin(queue) == "ann00"
    ben, ben_too, eve = *make(("ben0", "ben1"), "ben"), *make(("eve0",), "eve")
    for run in (ben, ben_too, eve):
        queue.add([run])
    assert [queue.position(run) for run in (ben, eve, ben_too)] == [1, 2, 4]
    order = [group[0] for group in queue.comparisons()]
    assert order[:6] == ["ben0", "eve0", "ann01", "ben1", "ann02", "ann03"]
    assert [begin(queue) for _ in range(6)] == order[:6]


def test_who_was_served_longest_ago_comes_next_whoever_has_come_since(queue, make):
    for owner in ("ann", "ben", "eve"):
        for run in make((f"{owner}{i}" for i in range(3)), owner):
            queue.add([run])
    begun = []
    for i in range(9):
        begun.append(begin(queue)[:3])
        if i == 1:  # more of who was served first
            queue.add(make(["ann3"], "ann"))
    assert begun == ["ann", "ben", "eve"] * 3


def test_what_can_wait_comes_in_turn_as_well(queue, make):
    queue.add_behind(make("abc", "ann"))
    queue.add_behind(make("xy", "ben"))
    assert queue.behind() == ["a", "x", "b", "y", "c"]
    assert [begin(queue, behind=True) for _ in range(3)] == ["a", "x", "b"]
    assert queue.behind() == ["y", "c"]


def test_whoever_reads_the_same_file_sees_the_same_order(queue, make, tmp_path):
    worker = Queue(tmp_path, queue.file)
    queue.add(make("ab", "ann"))
    queue.add(make("c", "ann"))
    queue.add(make("x", "ben"))
    assert begin(worker) == "ab"
    queue.add(make("y", "ben"))
    for each in (queue, worker, Queue(tmp_path, queue.file)):
        assert each.comparisons() == [["x"], ["c"], ["y"]]


def test_a_line_torn_by_a_crash_costs_nothing_else(queue, make, tmp_path):
    a, b = make("ab")
    queue.add([a])
    with queue.file.open("ab") as file:
        file.write(b'{"add": ["')
    queue.add([b])
    for each in (queue, Queue(tmp_path, queue.file)):
        assert each.comparisons() == [["a"], ["b"]]


def test_what_cannot_be_written_is_not_begun_twice(queue, make, monkeypatch):
    queue.add(make("a"))
    queue.add(make("b"))

    def full(path, record):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(queueing, "append_line", full)
    with pytest.raises(OSError, match="No space left"):
        queue.began(queue.first())
    assert queue.first().ids == ["b"]


def test_a_thousand_that_wait_are_looked_at_once_for_all_who_ask(queue, make, monkeypatch):
    runs = make((f"run-{i:04}" for i in range(1000)), "ann")
    for run in runs:
        queue.add([run])
    monkeypatch.setattr(queueing, "_FRESH_SECONDS", 1e9)
    looks = []
    waits = Run.is_unclaimed
    monkeypatch.setattr(
        Run, "is_unclaimed", property(lambda run: looks.append(run.id) or waits.fget(run))
    )
    assert [queue.position(run) for run in runs] == list(range(1, 1001))
    assert len(looks) == 2000
    looks.clear()
    assert queue.first().ids == ["run-0000"]
    assert len(looks) == 1
