"""What is taken along of trainings, λ, γ̂ and β̂, run: all ways give the numbers on screen.

The screens are small and real: networks trained here on 8×8 digits, and shipped models.
"""

from collections import Counter

import pytest

from app.kit import histories
from app.kit.draw.movement import Moved
from app.kit.sections import movement as moving
from app.kit.take import lambdas, trainings
from app.kit.take.program import line
from app.page.rescaling import take as scales
from app.page.rescaling import view as rescaling
from app.page.rescaling.view import RescalingView
from app.page.runs import take as pairs
from tests.app.kit.take.programs.screens import answered, opened, store_root
from tests.app.kit.take.taking import check, drawn_lines, printed, said
from tests.forked import printed_anew

# -- Playground, Runs ------------------------------------------------------------------------------


@pytest.mark.slow
def test_contenders_train_again(runs, folder):
    shown = opened(runs["bn"], runs["afn"], runs["changed"])
    [experiment] = trainings.programs_of(shown)
    check(experiment, printed(experiment, folder / "runs", run=printed_anew))
    assert len(experiment.commands) == 3
    tests = [
        f"step {each['step']}, "
        + (f"{each['corruption']} {each['severity']}" if each["corruption"] else "clean")
        + f"  {each['accuracy']:.4f}"
        for each in said(experiment, folder / "runs", folder)
        if each["kind"] == "evaluation"
    ]
    assert Counter(tests) == Counter(each.partition("  ")[2] for each in experiment.expected)
    assert "contrast 5" in "".join(tests)
    assert "(9, {" in experiment.python
    check(experiment, drawn_lines(experiment))


@pytest.mark.slow
def test_a_fork_is_forked_again(runs, folder):
    [shown] = opened(runs["fork"])
    [experiment] = trainings.programs_of([shown])
    check(experiment, printed(experiment, store_root()))
    [*_, end] = said(experiment, store_root(), folder)
    assert end["accuracy"] == shown.history.latest_accuracy()["accuracy"]
    assert runs["afn"] in experiment.command


@pytest.mark.slow
def test_two_runs_are_compared_again(runs, folder):
    [experiment] = pairs.programs_of(opened(runs["afn"], runs["changed"]))
    lines = printed(experiment, store_root())
    check(experiment, lines, all_of_them=False)
    assert "seed: 0 and 1" in lines
    records = said(experiment, store_root(), folder)
    [found] = [each for each in records if each["kind"] == "parting"]
    assert f"they part at step {found['step']}, among {found['shared']}" in "\n".join(lines)
    assert [each["setting"] for each in records if each["kind"] == "setting"] == ["seed"]
    ends = [each["accuracy"] for each in records if each["kind"] == "accuracy"]
    assert all(any(each.endswith(f"{end:.4f}") for each in lines) for end in ends)
    check(experiment, drawn_lines(experiment), all_of_them=False)


# -- λ, γ/β ----------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("quantity", ["lambda", "move"])
def test_lambda_is_read_again(runs, folder, quantity):
    found = opened(runs["changed"], "mnist5k-afn", runs["bn"])
    [experiment] = lambdas.programs_of(found, quantity)
    check(experiment, printed(experiment, store_root()))
    values = [
        f"{record[at]:.6f}"
        for record in said(experiment, store_root(), folder)
        for at in ("first", "last")
    ]
    assert values == [each.rpartition("  ")[2] for each in experiment.expected]
    check(experiment, drawn_lines(experiment))


@pytest.mark.slow
def test_what_was_changed_by_hand_is_trained_again_elsewhere(runs, folder):
    [shown] = opened(runs["changed"])
    [experiment] = lambdas.programs_of([shown], "lambda")
    assert "trained(" in experiment.python
    check(experiment, printed(experiment, folder / "empty"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "view"),
    [
        ("afn", RescalingView(corruption="fog", images=100, stats="running")),
        ("mnist5k-afn", RescalingView(conditions="domains", domains=("digits8",), images=100)),
    ],
)
def test_scales_are_measured_again(runs, folder, name, view):
    [chosen] = opened(runs.get(name, name))
    task = rescaling.task_of(view, histories.network_of(chosen))
    answered([task])
    [experiment] = scales.between_conditions(chosen, task)
    check(experiment, printed(experiment, store_root()))
    values = [
        f"{which}, {record['layer']}  "
        f"{record['corruption']} {record['severity']}  {record[which]:.6f}".replace(
            "None 0", record["dataset"]
        )
        for record in said(experiment, store_root(), folder)
        for which in ("gamma", "beta")
    ]
    assert Counter(values) == Counter(experiment.expected)
    check(experiment, drawn_lines(experiment))


@pytest.mark.slow
def test_how_far_networks_moved_is_measured_again(runs, folder):
    [chosen] = opened(runs["afn"])
    task = moving.task_of(histories.network_of(chosen))
    answered([task])
    known = {chosen.id: Moved(chosen.label, chosen.color, task.read(), 1.0)}
    [experiment] = moving.programs_of(known)
    check(experiment, printed(experiment, store_root()))
    whole, *others = said(experiment, store_root(), folder)
    label = chosen.label
    assert line(label, "cosine to the start", whole["cosine"]) in experiment.expected
    assert line(label, "weight decay alone", whole["decay_alone"]) in experiment.expected
    changes = {
        line(f"{label}, {each['output']}", each["layer"], each["follows"] / each["spread"], 6)
        for each in others
        if each["kind"] == "answer"
    }
    assert len(changes) == 4 * 2
    assert changes <= set(experiment.expected)


@pytest.mark.slow
def test_scales_over_steps_are_read_again(runs, folder):
    [chosen] = opened("mnist5k-afn")
    layer = chosen.history.layers[1]
    [experiment] = scales.over_steps(chosen, layer)
    check(experiment, printed(experiment, store_root()), all_of_them=False)
    values = [
        line(f"{which}, {layer}, {what}", f"step {record['step']}", record[name], 6)
        for record in said(experiment, store_root(), folder)
        for which in ("gamma", "beta")
        for what, name in (("mean", which), ("spread", f"{which}_spread"))
    ]
    assert Counter(values) == Counter(experiment.expected)
    check(experiment, drawn_lines(experiment), all_of_them=False)
