"""What each page offers to take along, run: program, command and notebook give its numbers.

The screens are small and real: networks trained here on 8×8 digits, and shipped models.
"""

import shutil
from collections import Counter
from dataclasses import replace
from statistics import fmean

import matplotlib as mpl
import numpy as np
import pytest
import streamlit as st
from PIL import Image

from afn.ask.execution import carry_out
from afn.ask.inside import own_picture
from afn.ask.inside.bench import Bench
from afn.ask.inside.networks import network
from afn.ask.records import STANDARD
from afn.data import dataset_entry
from afn.engine.execution import execute
from afn.pretrained.cards import read_card
from afn.runs.fork import fork
from afn.runs.store import RunStore
from afn.settings.config import TrainConfig
from afn.settings.corruptions import RULE
from afn.settings.lambda_init import LambdaInit
from afn.sweep.here import carry_out as swept
from afn.sweep.spec import SweepSpec, read_spec
from app.kit import backend, histories, networks
from app.kit.draw.movement import Moved
from app.kit.results import SweepResults
from app.kit.sections import movement as moving
from app.kit.take import lambdas, sweeps, trainings
from app.kit.take.program import OLDER_RULE, line
from app.page.ablations.ready_made import READY_MADE
from app.page.ablations.sweeping import ready_made_plan
from app.page.cost import take as costs
from app.page.cost import view as cost
from app.page.cost.view import CostView
from app.page.domains import take as matrix
from app.page.domains import view as domains
from app.page.domains.view import DomainsView
from app.page.inside import take as layers
from app.page.inside import view as inside
from app.page.inside.view import InsideView
from app.page.lessons import take as trials
from app.page.lessons.experiments.timings import Timings
from app.page.lessons.experiments.trainings import Trainings
from app.page.lessons.experiments.trial import Trial
from app.page.lessons.lessons import LESSONS
from app.page.paper import take as published
from app.page.paper import take_mechanisms as mechanisms
from app.page.rescaling import take as scales
from app.page.rescaling import view as rescaling
from app.page.rescaling.view import RescalingView
from app.page.robustness import label_shift
from app.page.robustness import take as corruptions
from app.page.robustness import view as robustness
from app.page.robustness.view import RobustnessView
from app.page.runs import take as pairs
from tests.app.kit.take.taking import drawn_lines, executed, printed, said

QUICK = TrainConfig(
    dataset="digits8", widths=(4, 8), epochs=1, evals_per_epoch=2, eval_images=100,
    corruptions=("contrast", "fog"), lambda_init=LambdaInit(mu=-1.0, sigma=-2.0),
)  # fmt: skip
SCRIPT = [
    (5, {"command": "set", "lr": 0.2}),
    (7, {"command": "set", "batch_size": 32}),
    (9, {"command": "set", "lambda": {"mu": 0.5, "gamma": -2.0}}),
    (11, {"command": "evaluate", "severity": 5}),
]
SHIPPED = ("mnist5k-bn", "mnist5k-afn")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A store with runs by name: bn, afn, one that was changed as it trained, and a fork."""
    store = RunStore(tmp_path_factory.mktemp("world") / "runs")
    ids = {}
    for norm in ("bn", "afn"):
        run = store.create(replace(QUICK, norm=norm))
        list(execute(run))
        ids[norm] = run.id
    changed = store.create(replace(QUICK, seed=1))
    list(execute(changed, script=SCRIPT))
    made = fork(store, store.open(ids["afn"]), step=22, changes={"epochs": 2, "lr": 0.01})
    list(execute(made))
    return store, ids | {"changed": changed.id, "fork": made.id}


@pytest.fixture
def runs(world, tmp_path, monkeypatch):
    """That store as the app's, by the names of its runs."""
    store, ids = world
    shutil.copytree(store.root, tmp_path / "runs")
    monkeypatch.setenv("AFN_RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.setenv("AFN_DATA_DIR", str(tmp_path / "no-data"))
    mpl.use("Agg")
    st.cache_resource.clear()
    st.cache_data.clear()
    yield ids
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture
def folder(tmp_path):
    """Where commands are run."""
    place = tmp_path / "elsewhere"
    place.mkdir()
    return place


def opened(*names):
    found, problems = histories.opened(names)
    assert not problems
    return found


def answered(tasks):
    """Have an evaluation carried out, as the app's worker would."""
    carry_out(backend.evaluations().create(tasks))


def store_root():
    return backend.store().root


def check(experiment, lines, *, all_of_them=True):
    """The program prints what is on screen, and nothing else that looks like a number of it."""
    assert experiment.expected
    assert set(experiment.expected) <= set(lines)
    if all_of_them:
        assert Counter(lines) == Counter(experiment.expected)


# -- Playground, Runs ------------------------------------------------------------------------------


@pytest.mark.slow
def test_contenders_train_again(runs, folder):
    shown = opened(runs["bn"], runs["afn"], runs["changed"])
    [experiment] = trainings.programs_of(shown)
    check(experiment, printed(experiment, folder / "runs"))
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


# -- Robustness, Domains ---------------------------------------------------------------------------


def near(names, **changes):
    """What the page offers of one corruption up close, all of it answered."""
    chosen, problems = networks.opened(names)
    assert not problems
    view = RobustnessView(
        **{"dataset": chosen[0].network.config.dataset, "images": 200, "corruption": "fog"}
        | changes
    )
    tasks = robustness.shift_tasks(chosen, view, store_root() / ".pictures")[1:]
    answered([*tasks, *robustness.batch_tasks(chosen, view)])
    return corruptions.near(chosen, view), chosen, view


def told(records):
    """The accuracies of the cells that a command says, and where."""
    return [
        (f"{each['corruption']} {each['severity']}" if each["corruption"] else "clean")
        + f"  {each['accuracy']:.4f}"
        for each in records
        if each["kind"] == "cell"
    ]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["runs", "shipped"])
def test_a_corruption_is_tested_again(runs, folder, kind):
    names = SHIPPED if kind == "shipped" else (runs["bn"], runs["afn"], runs["changed"])
    changes = {"stats": "batch", "batch_size": 32, "order": "by label"} if kind == "runs" else {}
    [experiment, way, _], _, _ = near(names, **changes)
    assert len(experiment.expected) == 6 * len(names)
    assert len(way.expected) == 6 * 4
    elsewhere = folder / "empty"  # where runs are trained anew
    for each in (experiment, way):
        check(each, printed(each, elsewhere))
        assert Counter(told(said(each, store_root(), folder))) == Counter(
            text.partition("  ")[2] for text in each.expected
        )
    check(way, drawn_lines(way))


@pytest.mark.slow
def test_a_notebook_runs_in_a_kernel_and_draws(runs, folder):
    [experiment, *_], _, _ = near(SHIPPED)
    lines, kinds = executed(experiment, store_root(), folder)
    check(experiment, lines)
    assert "image/png" in kinds


@pytest.mark.slow
def test_sizes_of_the_test_batch_are_tested_again(runs, folder):
    [_, _, experiment], _, _ = near((runs["bn"], runs["afn"]), severity=4)
    sizes = sum(size <= 200 for size in robustness.BATCH_SIZES)
    assert len(experiment.expected) == 2 * 2 * sizes
    check(experiment, printed(experiment, store_root()))
    values = [
        f"{each['order']}  {each['statistics'].removeprefix('test batch of ')}  "
        f"{each['accuracy']:.4f}"
        for each in said(experiment, store_root(), folder)
        if each["kind"] == "cell" and each["severity"] == 4
    ]
    assert Counter(values) == Counter(text.partition(", ")[2] for text in experiment.expected)
    check(experiment, drawn_lines(experiment))


@pytest.mark.slow
def test_batches_of_corruptions_are_tested_again(runs, folder):
    chosen, _ = networks.opened([runs["bn"], runs["afn"]])
    view = RobustnessView(dataset="digits8", images=200)
    answered(label_shift.tasks(chosen, view))
    [experiment] = corruptions.classes(chosen, view)
    assert len(experiment.expected) == 2 * 11
    check(experiment, printed(experiment, store_root()))
    values = [
        f"{each['order']}  {each['accuracy']:.4f}"
        for each in said(experiment, store_root(), folder)
        if each["kind"] == "cell"
    ]
    assert Counter(values) == Counter(text.partition("  ")[2] for text in experiment.expected)
    check(experiment, drawn_lines(experiment))


@pytest.mark.slow
def test_all_corruptions_are_tested_again(runs, folder):
    chosen, _ = networks.opened([runs["afn"]])
    view = RobustnessView(dataset="digits8", images=200)
    answered(robustness.grid_tasks(chosen, view))
    [experiment] = corruptions.grid(chosen, view)
    assert len(experiment.expected) == 1 + 18 * 5 - 1
    check(experiment, printed(experiment, store_root()))
    assert len(told(said(experiment, store_root(), folder))) == 1 + 18 * 5 - 1


@pytest.mark.slow
def test_domains_are_tested_again(runs, folder):
    view = DomainsView(images=200, contenders=("bn", "bn-batch", "afn", "afn-off"))
    entries = [dataset_entry("digits8"), dataset_entry("mnist5k")]
    names = {
        ("bn", "digits8"): runs["bn"], ("afn", "digits8"): runs["afn"],
        ("bn", "mnist5k"): "mnist5k-bn", ("afn", "mnist5k"): "mnist5k-afn",
    }  # fmt: skip
    trained = {pair: networks.network_of(name) for pair, name in names.items()}
    answered(domains.matrix_tasks(view, trained, ["digits8", "mnist5k"], entries))
    [experiment] = matrix.programs_of(view, trained, entries)
    assert len(experiment.expected) == 4 * 2 * 2
    check(experiment, printed(experiment, store_root()))
    values = [
        f"{each['trained_on']}  {each['domain']}  {each['accuracy']:.4f}"
        for each in said(experiment, store_root(), folder)
    ]
    assert Counter(values) == Counter(text.rpartition(", ")[2] for text in experiment.expected)
    check(experiment, drawn_lines(experiment))


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


# -- Inside the layer ------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("case", ["forced", "drawn", "untrained", "uploaded"])
def test_a_layer_is_looked_into_again(runs, folder, case):
    view = InsideView(model="mnist5k-afn", size=8, mu="0.5", where="here", channel=3, image=1,
                      layer="backbone.blocks.1.norm", corruption="fog", severity=2)  # fmt: skip
    subject, others, picture = network("mnist5k-afn"), [network("mnist5k-bn")], b""
    if case == "drawn":
        seven = np.zeros((28, 28), dtype=np.uint8)
        seven[5:8, 8:20] = seven[8:24, 14:17] = 255
        view = replace(
            view, source="a drawing", picture=own_picture.to_text(seven), order="by label"
        )
        drawn = own_picture.from_text(view.picture)
        picture = own_picture.in_shape(drawn, subject.image_shape)
    elif case == "uploaded":
        image = Image.new("L", (60, 60), 255)
        image.paste(0, (25, 10, 33, 50))
        image.save(folder / "picture.png")
        picture = own_picture.from_upload(
            (folder / "picture.png").read_bytes(), subject.image_shape, is_digit=True
        )
        view = replace(view, source="an upload")
    elif case == "untrained":
        subject, others = network("untrained-asrnorm"), []
        view = replace(view, severity=0, stats="trained", first=9)
    look = inside.look_of(view, subject, others, picture)
    seen = Bench().look(look)
    [experiment] = layers.programs_of(view, look, seen)
    check(experiment, printed(experiment, store_root(), folder))
    records = said(experiment, store_root(), folder)
    steps = {each["name"]: each["all"] for each in records if each["kind"] == "step"}
    assert steps == seen["channels"]
    answers = [each["answers"] for each in records if each["kind"] == "answers"]
    assert answers == [seen["now"]["answers"], *(each["answers"] for each in seen["others"])]
    if case == "forced":
        check(experiment, drawn_lines(experiment))


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
            if each["kind"] == "cell"
        )
        assert not Counter(text.rpartition("  ")[2] for text in experiment.expected) - found
