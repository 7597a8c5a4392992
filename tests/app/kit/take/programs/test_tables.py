"""What is taken along of sweeps, costs, the paper and lessons, run: all ways give its numbers."""

from collections import Counter
from statistics import fmean

import pytest

from afn.ask.records import STANDARD
from afn.pretrained.cards import read_card
from afn.settings.corruptions import RULE
from afn.sweep.here import carry_out as swept
from afn.sweep.spec import SweepSpec, read_spec
from app.kit.results import SweepResults
from app.kit.take import sweeps
from app.kit.take.program import OLDER_RULE
from app.page.ablations.ready_made import READY_MADE
from app.page.ablations.sweeping import ready_made_plan
from app.page.cost import take as costs
from app.page.cost import view as cost
from app.page.cost.view import CostView
from app.page.lessons import take as trials
from app.page.lessons.experiments.timings import Timings
from app.page.lessons.experiments.trainings import Trainings
from app.page.lessons.experiments.trial import Trial
from app.page.lessons.lessons import LESSONS
from app.page.paper import take as published
from app.page.paper import take_mechanisms as mechanisms
from tests.app.kit.take.programs.conftest import QUICK
from tests.app.kit.take.programs.screens import store_root
from tests.app.kit.take.taking import check, drawn_lines, printed, said

# -- Ablations, Cost, Paper ------------------------------------------------------------------------


@pytest.mark.slow
def test_a_sweep_is_run_again(runs, folder):
    spec = SweepSpec.from_json(
        {
            "name": "norm × start of λ", "seeds": 2,
            "base": {**QUICK.changed(), "corruptions": ["fog"]},
            "axes": {"norm": ["bn", "afn"], "batch_size": [32, 64]},
        }
    )  # fmt: skip
    planned, lines = swept(spec)
    results = SweepResults(runs=planned.runs, lines=lines, provenance="")
    [experiment] = sweeps.programs_of(planned, results, metric="corrupted")
    assert len(experiment.expected) == 4
    check(experiment, printed(experiment, folder / "empty"))
    values = {
        each["corrupted"]["mean"]
        for each in said(experiment, folder / "others", folder)
        if each["kind"] == "result"
    }
    assert {f"{value:.2f}" for value in values} == {
        text.rpartition("  ")[2] for text in experiment.expected
    }
    assert (folder / "norm-start-of.csv").exists()
    check(experiment, drawn_lines(experiment))


@pytest.mark.parametrize("name", list(READY_MADE))
def test_a_ready_made_sweep_is_its_file(runs, name, tmp_path):
    planned = ready_made_plan(name)
    [experiment] = sweeps.programs_of(planned, None, metric="clean")
    [(file, text)] = experiment.files.items()
    (tmp_path / file).write_text(text)
    assert read_spec(tmp_path / file) == planned.spec


@pytest.mark.slow
def test_costs_are_measured_again(folder):
    view = CostView(over="batch_size", channels=8, size=8, norms=("afn",))
    chosen = view.chosen(cost.reference().measurements)
    [experiment] = costs.programs_of(view, chosen)
    assert len(experiment.expected) == 3 * 2 * 2
    check(experiment, printed(experiment, folder / "runs"), all_of_them=False)
    values = [
        f"{what}  {each[name]}"
        for each in said(experiment, folder / "runs", folder)
        if each["kind"] == "measurement"
        for what, name in (("parameters", "parameters"), ("multiply-accumulates", "macs"))
    ]
    assert Counter(values) == Counter(text.partition("  ")[2] for text in experiment.expected)


@pytest.mark.slow
@pytest.mark.parametrize("reading", ["trains", "tests"])
def test_published_tables_are_read_again(runs, folder, reading):
    experiment, _ = published.programs_of(reading)
    check(experiment, printed(experiment, store_root()), all_of_them=False)
    kinds = ("row", "difference")
    records = [each for each in said(experiment, store_root(), folder) if each["kind"] in kinds]
    values = [
        value
        for each in records
        for value in (each["published"], each["measured"])
        if value is not None
    ]
    assert [f"{value:.2f}" for value in values] == [
        text.rpartition("  ")[2] for text in experiment.expected
    ]
    check(experiment, drawn_lines(experiment), all_of_them=False)


@pytest.mark.slow
def test_the_evidence_of_the_paper_is_had_again(runs, folder):
    _, steps = published.programs_of("trains")
    moved, on_and_off, course, gradients = mechanisms.programs_of("mnist5k")
    assert moved.command == "python -m afn movement mnist5k-asrnorm mnist5k-afn"
    for experiment in (steps, course, gradients):
        check(experiment, printed(experiment, store_root()))
    lines = printed(on_and_off, store_root())
    assert len(lines) == 10
    # What the card holds is promised where it was asked under today's rule of corruptions alone.
    is_older = read_card("mnist5k-afn").rule != RULE
    assert (OLDER_RULE in on_and_off.note) == is_older
    assert on_and_off.expected == (() if is_older else tuple(lines))
    records = said(on_and_off, store_root(), folder)
    cells = [each for each in records if each["kind"] == "cell" and each["networks"] == "frozen"]
    frozen = [
        fmean(
            each["accuracy"]
            for each in cells
            if each["severity"] == severity and each["corruption"] in STANDARD
        )
        for severity in range(1, 6)
    ]
    assert [f"{value:.4f}" for value in frozen] == [
        text.rpartition("  ")[2] for text in lines if text.startswith("networks frozen")
    ]
    check(gradients, drawn_lines(gradients))


def test_where_no_network_was_trained_there_is_no_evidence(runs, monkeypatch, tmp_path):
    monkeypatch.setenv("AFN_PRETRAINED_DIR", str(tmp_path / "none"))
    assert mechanisms.programs_of("cifar10") == []


# -- Lessons ---------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", list(LESSONS))
def test_a_lesson_is_tried_again(runs, folder, name):
    lesson = LESSONS[name]
    data = lesson.experiment.read(Trial(name, lesson.experiment).precomputed.record)
    [experiment] = trials.programs_of(lesson, data)
    assert experiment.expected
    if isinstance(lesson.experiment, Trainings):  # as the sweep is that it is, see above
        [text] = experiment.files.values()
        (folder / "lesson.toml").write_text(text)
        assert read_spec(folder / "lesson.toml") == lesson.experiment.plan.spec
        if lesson.experiment.tells == "first gradient":  # of one step each: quick enough to train
            check(experiment, printed(experiment, store_root()))
        return
    if isinstance(lesson.experiment, Timings):  # and a measurement as those of the Cost page
        [command] = experiment.commands
        assert command == ("bench", *lesson.experiment.plan.arguments())
        return
    check(experiment, printed(experiment, store_root()))
    if experiment.commands:
        found = Counter(
            f"{each['accuracy']:.4f}"
            for each in said(experiment, store_root(), folder)
            if each["kind"] in ("cell", "point", "contender")
        )
        assert not Counter(text.rpartition("  ")[2] for text in experiment.expected) - found
