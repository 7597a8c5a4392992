"""What is told to several runs that train takes effect behind one step in all of them."""

import pytest

from afn.runs.history import STEP_COLUMNS, Follower
from app.kit import backend
from app.page.playground import together
from app.page.playground.together import common_step


class Told:
    id = "told"

    def __init__(self, steps, duration, *, left=100_000, is_paused=False):
        start = {"kind": "start", "step": 0, "layers": [], "adaptive_layers": [], "lambdas": []}
        self.told = [start]
        values = dict.fromkeys(STEP_COLUMNS, 1.0) | {"duration": duration, "batch_size": 10}
        self.told += [
            {"kind": "step", "step": i, **values, "images_left": left, "lambdas": [],
             "lambda_grads": []} for i in range(1, steps + 1)
        ]  # fmt: skip
        if is_paused:
            self.told.append({"kind": "state", "step": steps, "state": "paused"})

    def events(self, offset=0):
        return self.told[offset:], len(self.told)


def told(*args, **how):
    return Follower(Told(*args, **how)).now()


@pytest.mark.parametrize(
    ("histories", "step"),
    [
        ([(20, 0.05), (23, 0.05)], 28),  # the foremost, 0.2 s ahead, at a point where they wait
        ([(20, 0.01), (23, 0.05)], 44),  # the quickest takes most steps in that time
        ([(20, 5.0), (20, 5.0)], 24),
        ([(0, 0.05), (0, 0.05)], 4),
        ([(20, 0.05)], None),
        ([], None),
    ],
)
def test_the_step_is_ahead_of_all(histories, step):
    assert common_step([told(*each) for each in histories]) == step


def test_where_one_is_paused_or_almost_at_its_end_it_is_obeyed_at_once():
    one = told(20, 0.05)
    assert common_step([one, told(20, 0.05, is_paused=True)]) is None
    assert common_step([one, told(20, 0.05, left=30)]) is None
    assert common_step([one, told(20, 0.05, left=50)]) == 24


def test_all_that_train_are_told_the_same_step(runs, quick, monkeypatch):
    made = [runs.create(quick) for _ in range(3)]
    for run in made[:2]:
        run.claim()
        run.events_path.write_text('{"kind":"start","step":0,"layers":[],"adaptive_layers":[],'
                                   '"lambdas":[]}\n')  # fmt: skip
    made[2].end("stopped")
    together.send(made, {"command": "set", "lr": 0.01})
    sent = [run.control_path.read_text().strip() for run in made]
    assert sent[0] == sent[1] == '{"command": "set", "lr": 0.01, "at": 4}'
    assert sent[2] == '{"command": "set", "lr": 0.01}'
    assert backend.store().root == runs.root
