"""A history is one moment of a run: whole whatever comes, and safe while others look at it."""

import base64
import random

import numpy as np
import pytest
from numpy.testing import assert_equal

from afn.runs.history import STEP_COLUMNS, Follower, History
from afn.settings.lambda_init import LAMBDAS
from tests.hammering import hammer

LAYERS = ["backbone.a", "backbone.b"]


class Told:
    """Events that are told bit by bit."""

    id = "told"

    def __init__(self, *events):
        self.events_told = list(events)

    def events(self, offset=0):
        return self.events_told[offset:], len(self.events_told)

    def tell(self, *events):
        self.events_told += events


def start(**changes):
    known = {"kind": "start", "step": 0, "layers": LAYERS, "adaptive_layers": LAYERS}
    return known | {"num_features": [2, 2], "lambdas": [[0.0] * 4] * 2} | changes


def step(number, value=None, **changes):
    """A step whose every number is one value."""
    value = float(number) if value is None else value
    rows = [[value] * len(LAMBDAS)] * len(LAYERS)
    return {"kind": "step", "step": number, **dict.fromkeys(STEP_COLUMNS, value),
            "lambdas": rows, "lambda_grads": rows} | changes  # fmt: skip


def told_test(number, corruption=None):
    return {"kind": "evaluation", "step": number, "corruption": corruption, "severity": 3,
            "accuracy": 0.5, "correct": 5, "n": 10}  # fmt: skip


def is_whole(history):
    """Whether all columns are as long as the steps, and each step's numbers are its own."""
    columns = [*history.columns.values(), *history.lambdas.reshape(8, -1),
               *history.lambda_grads.reshape(8, -1)]  # fmt: skip
    return all(np.array_equal(column, history.steps) for column in columns)


BAD = {
    "a column is missing": {k: v for k, v in step(2).items() if k != "images_left"},
    "a number is none": step(2, loss="?"),
    "a layer is missing": step(2, lambdas=[[2.0] * 4]),
    "a λ is missing": step(2, lambdas=[[2.0] * 4, [2.0] * 3]),
    "a gradient is no number": step(2, lambda_grads=[[2.0] * 4, [2.0, 2.0, 2.0, "?"]]),
    "λ are no rows": step(2, lambdas=7),
    "no step": step(2) | {"step": "?"},
    "no time": step(2, seconds="?"),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_a_bad_step_leaves_no_trace(bad):
    history = History.of(Told(start(), step(1), bad, step(3)))
    assert_equal(history.steps, [1, 3])
    assert is_whole(history)


@pytest.mark.parametrize(
    "bad",
    [
        {"kind": "evaluation", "step": 1},
        {"kind": "snapshot", "step": 1},
        {"kind": "command"},
        {"kind": "start"},
        start(lambdas=7),
        start(lambdas=[]),
        {"kind": "resume"},
        {"kind": "checkpoint"},
        {"kind": "samples"},
        {"kind": "state"},
        {},
    ],
    ids=lambda bad: f"{bad.get('kind')}",
)
def test_a_bad_event_leaves_everything_as_it_was(bad):
    history = History.of(Told(start(), step(1), told_test(1), bad, step(2)))
    assert_equal(history.steps, [1, 2])
    assert is_whole(history)
    assert history.start == start()
    assert history.latest_accuracy() == told_test(1)
    assert (history.snapshots, history.commands, history.revision) == ((), (), 0)


def test_what_was_shown_once_stays_as_it_was():
    told = Told(start(), step(1), step(2), told_test(2))
    follower = Follower(told)
    first = follower.now()
    told.tell({"kind": "resume", "step": 1}, *(step(i, -1.0) for i in range(2, 2_000)))
    second = follower.now()
    assert_equal(first.steps, [1, 2])
    assert is_whole(first)
    assert first.evaluations == (told_test(2),)
    assert second.num_steps == 1_999
    assert second.evaluations == ()
    for array in (first.steps, first.columns["loss"], first.lambdas[0, 0]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 7


# -- what a resumption takes back ------------------------------------------------------------------


def test_what_came_after_the_checkpoint_is_taken_back_also_at_its_step():
    told = Told(
        start(), step(1), step(2), told_test(2), {"kind": "checkpoint", "step": 2},
        {"kind": "command", "step": 2, "command": "set", "lr": 9.0}, told_test(2, "fog"),
        {"kind": "snapshot", "step": 2, "layers": []}, {"kind": "state", "state": "paused"},
    )  # fmt: skip
    follower = Follower(told)
    before = follower.now()
    assert (len(before.commands), len(before.evaluations), before.is_paused) == (1, 2, True)
    told.tell({"kind": "resume", "step": 2})
    after = follower.now()
    assert_equal(after.steps, [1, 2])
    assert (after.commands, after.snapshots, after.is_paused) == ((), (), False)
    assert after.evaluations == (told_test(2),)
    assert after.revision == before.revision + 1  # who draws tests and marks has to begin again


def test_a_resumption_that_takes_nothing_back_is_no_revision():
    told = Told(start(), step(1), {"kind": "checkpoint", "step": 1}, {"kind": "resume", "step": 1})
    assert History.of(told).revision == 0


def test_a_checkpoint_of_a_path_that_was_taken_back_counts_no_more():
    lost = [step(2), told_test(2), {"kind": "checkpoint", "step": 2}, step(3)]
    told = Told(start(), step(1), {"kind": "checkpoint", "step": 1}, *lost)
    told.tell({"kind": "resume", "step": 1}, step(2), step(3), {"kind": "resume", "step": 2})
    history = History.of(told)
    assert_equal(history.steps, [1, 2])
    assert history.evaluations == ()


def test_a_second_start_begins_from_nothing():
    told = Told(start(), *(step(i) for i in range(1, 30)), told_test(29))
    follower = Follower(told)
    assert follower.now().num_steps == 29
    told.tell(start(adaptive_layers=[], lambdas=[]), step(1, lambdas=[], lambda_grads=[]))
    history = follower.now()
    assert_equal(history.steps, [1])
    assert history.lambdas.shape == (0, 4, 1)
    assert history.evaluations == ()
    assert history.revision == 1


# -- threads ---------------------------------------------------------------------------------------


class Growing(Told):
    """A run that trains a little at every look, is resumed now and then, and tells some rubbish."""

    def __init__(self, most):
        super().__init__(start())
        self.at, self.most, self.dice = 0, most, random.Random(0)

    def events(self, offset=0):
        if len(self.events_told) < self.most:
            for _ in range(self.dice.randrange(60)):
                self.at += 1
                self.tell(step(self.at))
            self.tell(self.dice.choice([*BAD.values(), {}, told_test(self.at)]))
            if self.dice.random() < 0.2:
                self.at = self.dice.randrange(self.at + 1)
                self.tell({"kind": "resume", "step": self.at})
        return super().events(offset)


def test_readers_see_whole_histories_while_it_grows():
    told = Growing(20_000)
    follower = Follower(told)

    def look(_):
        count, kept = 0, []
        while len(told.events_told) < told.most:
            now = follower.now()
            kept = [*kept[-3:], (now, now.num_steps)]  # who holds an old one sees it unchanged
            assert all(is_whole(each) and each.num_steps == size for each, size in kept)
            assert now.images_per_second() in (None, 1.0)
            count += 1
        return count

    assert all(hammer(look))
    assert_equal(follower.now().steps, History.of(told).steps)


# -- what a network answered ----------------------------------------------------------------------


def probes(number=0, severity=5):
    images = [{"label": 1, "corruption": None, "severity": None},
              {"label": 1, "corruption": "contrast", "severity": severity}]  # fmt: skip
    return {"kind": "probes", "step": number, "images": images, "classes": ["0", "1", "2"],
            "sheet": f"probes-{severity}.png", "columns": 8, "tile": [28, 28]}  # fmt: skip


def probe(number, value):
    answers = base64.b64encode(bytes([value] * 6)).decode()
    return {"kind": "probe", "step": number, "answers": answers}


def sheet(number):
    return {"kind": "sheet", "step": number, "file": f"maps-{number}.png", "layers": ["a"],
            "columns": 4, "tile": [28, 28], "scale": [-3, 3]}  # fmt: skip


def test_answers_stand_by_their_step_and_what_was_seen_of_them_stays():
    told = Told(
        start(), probes(), probe(0, 7), sheet(0), *(probe(i, i % 256) for i in range(1, 300))
    )
    follower = Follower(told)
    early = follower.now()
    told.tell(probes(299, severity=1), probe(299, 250), probe(301, 9))
    late = follower.now()
    assert_equal(early.probe_steps, np.arange(300))
    assert_equal(early.probe_answers[:, 1, 2], [7, *(i % 256 for i in range(1, 300))])
    assert_equal(late.probe_steps[-2:], [299, 301])
    assert_equal(late.probe_answers[-3:, 0, 0], [298 % 256, 250, 9])
    assert late.probe_answers.dtype == np.uint8
    assert early.probe_images == probes()
    assert late.probes == (probes(), probes(299, severity=1))
    assert late.sheets == (sheet(0),)


def test_a_resumption_takes_answers_and_sheets_back_and_shows_the_same_images_once():
    checkpoint = {"kind": "checkpoint", "step": 2}
    told = Told(start(), probes(), probe(0, 1), sheet(0), step(1), step(2), probe(2, 2), checkpoint,
                step(3), probe(3, 3), sheet(3), {"kind": "resume", "step": 2}, probes(2),
                step(3), probe(3, 4))  # fmt: skip
    history = History.of(told)
    assert_equal(history.probe_steps, [0, 2, 3])
    assert_equal(history.probe_answers[:, 0, 0], [1, 2, 4])
    assert (history.sheets, history.probes, history.revision) == ((sheet(0),), (probes(),), 1)
    again = History.of(Told(*told.events_told, start(), probes(), probe(0, 5)))
    assert_equal(again.probe_answers[:, 0, 0], [5])
    assert again.sheets == ()


def test_before_the_first_answer_there_are_none_about_so_many_images():
    history = History.of(Told(start(), probes()))
    asked = probes()
    assert history.probe_answers.shape == (0, len(asked["images"]), len(asked["classes"]))


def test_a_record_without_probes_has_none():
    history = History.of(Told(start(), step(1), probe(1, 1)))
    assert (history.probe_images, history.sheets) == (None, ())
    assert history.probe_answers.shape == (0, 0, 0)


@pytest.mark.parametrize("answers", ["", "AAAA", "?", None])
def test_answers_of_another_number_of_images_leave_no_trace(answers):
    bad = {"kind": "probe", "step": 1, "answers": answers}
    history = History.of(Told(start(), probes(), probe(0, 1), bad, probe(2, 3)))
    assert_equal(history.probe_steps, [0, 2])
