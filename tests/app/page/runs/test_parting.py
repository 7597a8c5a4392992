"""The curves of two runs: drawn, told in words, and as a table."""

from dataclasses import replace

import numpy as np
import pytest

from afn import TrainConfig
from afn.engine.execution import execute
from afn.runs.fork import fork
from afn.runs.history import History
from afn.runs.store import RunStore
from app.kit.comparison import names_of
from app.kit.draw.chart import Shown
from app.kit.draw.tracks import track
from app.page.runs.parting import (
    SMOOTH,
    TITLES,
    parting_figure,
    parting_reading,
    parting_table,
)

MIDDLE = 22


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """A run of two epochs, and its fork with a smaller rate for the second one."""
    store = RunStore(tmp_path_factory.mktemp("runs"))
    parent = store.create(
        TrainConfig(dataset="digits8", widths=(4, 8), epochs=2, eval_images=100, corruptions=())
    )
    list(execute(parent))
    made = fork(store, parent, step=MIDDLE, changes={"lr": 0.001}, lambda_logits={"mu": 0.0})
    list(execute(made))
    runs = [parent, made]
    names = names_of([run.config() for run in runs], [run.origin() for run in runs])
    found = []
    for run, name, color in zip(runs, names, ("#D55E00", "#E08D4D"), strict=True):
        history = History.of(run)
        found.append(Shown(name, color, run.config(), history, True, run.origin()))
    return found


def drawn(figure, name):
    return [trace for trace in figure.data if trace.name == name]


def test_a_fork_is_named_by_what_it_changed_and_where(shown):
    assert [each.label for each in shown] == [
        "AFN (lr 0.05)", "AFN (lr 0.001, λ_μ logit 0 from step 22)",
    ]  # fmt: skip


@pytest.mark.parametrize("quantity", TITLES)
def test_the_parents_curve_comes_before_and_both_after(shown, quantity):
    figure = parting_figure(shown, quantity, [(MIDDLE, "forked")])
    parent, made = (drawn(figure, each.label)[-1] for each in shown)
    assert min(parent["x"]) < MIDDLE < min(made["x"])
    assert max(parent["x"]) == max(made["x"]) == 44
    assert (parent["line"]["dash"], made["line"]["dash"]) == ("solid", "6px,3px")
    assert figure.layout.shapes[0].x0 == MIDDLE
    assert figure.layout.annotations[0].text == "forked"


def test_the_average_of_a_fork_begins_with_its_parents_past(shown):
    parent, made = shown
    line = drawn(parting_figure(shown, "loss", []), made.label)[-1]
    mine = made.history.columns["loss"][0]
    past = parent.history.columns["loss"][MIDDLE - SMOOTH + 1 : MIDDLE]
    assert line["y"][0] == pytest.approx(np.mean([*past, mine]), rel=1e-5)
    alone = replace(made, origin=None)
    line = drawn(parting_figure([parent, alone], "loss", []), made.label)[-1]
    assert line["y"][0] == pytest.approx(mine, rel=1e-5)


def test_readings_name_both_and_are_of_the_data(shown):
    for each, quantity in ((shown[0], "loss"), (shown[1], "grad_norm")):
        mean = np.mean(each.history.columns[quantity][-SMOOTH:])
        told = parting_reading(shown, quantity)
        assert f"{each.label} {mean:.3g}" in told
        assert told.startswith("At step 44, the last that both have")
    told = parting_reading(shown, "accuracy")
    accuracy = shown[1].history.latest_accuracy()["accuracy"]
    assert told.startswith("At step 44, the last at which both were tested, on ")
    assert f"{shown[1].label} {100 * accuracy:.1f} %" in told
    assert told.endswith(("intervals overlap.", "intervals do not overlap."))


def test_accuracies_are_compared_at_one_step_or_not_at_all(shown):
    parent, made = shown
    clean = [e for e in parent.history.evaluations if e["corruption"] is None]
    behind = replace(parent, history=replace(parent.history, evaluations=tuple(clean[:-1])))
    told = parting_reading([behind, made], "accuracy")
    assert told.startswith(f"At step {clean[-2]['step']}, the last at which both were tested, on ")
    early = replace(parent, history=replace(parent.history, evaluations=tuple(clean[:1])))
    told = parting_reading([early, made], "accuracy")
    assert f"{100 * clean[0]['accuracy']:.1f} % at step {clean[0]['step']}" in told
    assert told.endswith("they were not tested at one step.")
    assert "intervals" not in told


def test_the_table_has_every_step_of_both(shown):
    rows = parting_table(shown)
    assert len(rows) == 44 + 22
    assert {row["step"] for row in rows if row["run"] == shown[1].label} == {*range(23, 45)}
    assert rows[43]["test_accuracy"] == shown[0].history.latest_accuracy()["accuracy"]
    assert rows[0]["test_accuracy"] is None


def test_lambda_of_a_fork_starts_where_the_fork_does(shown):
    made = shown[1]
    for quantity, first in (("lambda", 0.5), ("logit", 0.0), ("change", 0.0)):
        found = track(made.history, made.config, quantity)
        assert found.steps[0] == MIDDLE
        assert found.values[0, 0, 0] == pytest.approx(first)
