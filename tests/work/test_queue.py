"""The queue that both runners keep: the order of what waits, and what is forgotten."""

import pytest

from afn.runs.store import RunStore
from afn.settings.config import TrainConfig
from afn.work.queue import Queue


@pytest.fixture
def runs(tmp_path):
    store = RunStore(tmp_path)
    config = TrainConfig(dataset="digits8", epochs=1)
    return [store.create(config, run_id=name) for name in ("a", "b", "c", "d")]


@pytest.fixture
def queue(runs, tmp_path):
    a, b, c, d = runs
    queue = Queue(tmp_path)
    queue.add_behind([d])
    queue.add([a, b])
    queue.add([c])
    return queue


def test_comparisons_come_in_their_order_and_what_can_wait_behind_them(queue):
    assert [run.id for run in queue] == ["a", "b", "c", "d"]
    assert queue.comparisons() == [["a", "b"], ["c"]]
    assert queue.behind() == ["d"]


def test_a_comparison_keeps_its_place_until_all_of_it_has_begun(queue, runs):
    a, b, c, _ = runs
    assert [queue.position(run) for run in runs] == [1, 1, 2, 0]
    a.claim()
    assert (queue.position(b), queue.position(c)) == (1, 2)
    b.claim()
    assert (queue.position(b), queue.position(c)) == (0, 1)
    assert [run.id for run in queue] == ["c", "d"]


def test_what_ended_before_it_began_or_was_deleted_is_forgotten(queue, runs):
    a, _, c, d = runs
    a.end("stopped")
    c.delete()
    d.claim()
    assert [run.id for run in queue] == ["b"]
    assert queue.comparisons() == [["b"]]
    assert queue.behind() == []
