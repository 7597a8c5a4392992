"""What is taken along of answers of networks, run: all ways give the numbers on screen."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from afn.ask.inside import own_picture
from afn.ask.inside.bench import Bench
from afn.ask.inside.networks import network
from afn.data import dataset_entry
from app.kit import networks
from app.page.adapt import take as streams
from app.page.adapt import view as adapting
from app.page.adapt.living import Flow
from app.page.adapt.view import AdaptView
from app.page.domains import take as matrix
from app.page.domains import view as domains
from app.page.domains.view import DomainsView
from app.page.dynamics import landscape
from app.page.dynamics import take as maps
from app.page.dynamics.view import DynamicsView
from app.page.inside import take as layers
from app.page.inside import view as inside
from app.page.inside.view import InsideView
from app.page.robustness import label_shift
from app.page.robustness import take as corruptions
from app.page.robustness import view as robustness
from app.page.robustness.view import RobustnessView
from tests.app.kit.take.programs.screens import answered, opened, store_root
from tests.app.kit.take.taking import check, drawn_lines, executed, printed, said

SHIPPED = ("mnist5k-bn", "mnist5k-afn")


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


# -- maps and streams ------------------------------------------------------------------------------


def test_a_map_is_measured_again(runs, folder, monkeypatch):
    monkeypatch.setattr(landscape, "NUM_IMAGES", 60)
    [shown] = opened(runs["afn"])
    view = DynamicsView(corruption="fog", point=("0.3", "0.85"))
    task = replace(landscape.asked_of(shown, view), points=20)
    answered([task])
    more = replace(task, points=30)  # somebody else wanted more of it
    answered([more])
    experiment = maps.program(shown, task, task.read())
    assert len(experiment.expected) == 1 + 20 + 1
    check(experiment, printed(experiment, store_root()))
    [record, *_] = said(experiment, store_root(), folder)
    assert (record["kind"], record["points"]) == ("map", 31)


def test_a_stream_is_lived_through_again(runs, folder):
    view = AdaptView(
        ways=("running", "tent", "afn"), images=200, batch_size=50, resets=("3",), order="drifting"
    )
    tasks = adapting.stream_tasks(view)
    answered(adapting.all_tasks(view))
    titles = {way: adapting.title_of(way, view) for way in tasks}
    flow = Flow(tasks, titles, tuple("0123456789"), is_running=False)
    experiment = streams.program(view, flow)
    assert len(experiment.expected) == 3 * (4 + 1)
    check(experiment, printed(experiment, store_root()))
    records = said(experiment, store_root(), folder)
    assert records
