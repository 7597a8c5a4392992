"""What the Robustness page asks for, and of which models."""

from dataclasses import replace

import pytest

from afn.ask.network import Network
from afn.engine.execution import execute
from afn.settings.corruptions import CORRUPTION_NAMES
from app.kit import networks
from app.kit.networks import Chosen
from app.kit.offers import newest
from app.page.robustness import view as robustness
from app.page.robustness.view import RobustnessView

NORMS = ("bn", "afn", "asrnorm")
NORM_ORDER = ("bn", "asrnorm", "afn")
pytestmark = pytest.mark.usefixtures("no_models")


def chosen(store, ids, norms=NORMS):
    return [Chosen(Network.of_run(store.open(ids[norm])), norm, "#000000") for norm in norms]


# -- what is asked for -----------------------------------------------------------------------------


def test_a_whole_grid_is_asked_of_every_model(runs, ids):
    tasks = robustness.grid_tasks(chosen(runs, ids), RobustnessView())
    unknown = 5 * (len(CORRUPTION_NAMES) - 1)  # no colour; clean is there, zoom blur 1 is not
    assert [task.size for task in tasks] == [unknown] * 3
    assert [task.question.statistics for task in tasks] == [
        "running", "test batch of 128", "per image",
    ]  # fmt: skip


@pytest.mark.parametrize("severity", [0, 1, 4])
def test_the_shift_that_is_seen_is_tested_first_and_its_other_severities_after_it(
    runs, ids, tmp_path, severity
):
    view = RobustnessView(corruption="fog", severity=severity)
    pictures, *grids = robustness.shift_tasks(chosen(runs, ids), view, tmp_path)
    assert pictures.file.corruption == "fog"
    for task in grids:
        assert view.place in task.places[:2]
        assert sorted(task.places[1:]) == [("fog", s) for s in range(1, 6)]


def test_the_way_from_bn_to_afn_changes_one_thing_at_a_time(runs, ids, tmp_path):
    tasks = robustness.shift_tasks(chosen(runs, ids), RobustnessView(), tmp_path)[4:]
    assert [
        (task.network.config.norm, task.question.statistics, task.question.networks)
        for task in tasks
    ] == [
        ("bn", "running", "on"),
        ("bn", "test batch of 128", "on"),
        ("afn", "test batch of 128", "frozen"),
        ("afn", "test batch of 128", "on"),
    ]


@pytest.mark.parametrize("norms", [("bn",), ("afn", "asrnorm")])
def test_without_bn_and_afn_there_is_no_way(runs, ids, tmp_path, norms):
    few = chosen(runs, ids, norms)
    tasks = robustness.shift_tasks(few, RobustnessView(), tmp_path)
    assert len(tasks) == 1 + len(norms)
    assert robustness.way_steps(few, RobustnessView()) == []


def test_only_batches_that_the_images_fill_are_tested(runs, ids):
    view = RobustnessView(images=200)
    tasks = robustness.batch_tasks(chosen(runs, ids), view)
    sizes = {task.question.batch_size for task in tasks}
    assert robustness.largest_batch(view) == max(sizes) == 128
    assert len(tasks) == 2 * (1 + 2 * 8) + 1
    assert {task.places for task in tasks} == {(view.place,)}


def test_a_view_without_a_baseline_takes_the_first_bn_or_else_the_first(runs, ids):
    view = RobustnessView()
    three = chosen(runs, ids, ("afn", "bn", "asrnorm"))
    assert robustness.baseline_of(three, view) is three[1]
    assert robustness.baseline_of(three, replace(view, baseline=ids["asrnorm"])) is three[2]
    assert robustness.baseline_of(three[2:], view) is three[2]


# -- which models there are ------------------------------------------------------------------------


def test_the_newest_of_each_norm_are_proposed_side_by_side(runs, quick, ids):
    list(execute(runs.create(replace(quick, norm="gn", lr=0.3))))
    offered = networks.choices()
    assert offered[0].config.norm == "gn"
    three = (ids["bn"], ids["asrnorm"], ids["afn"])
    assert newest(offered[1:], 4, first=NORM_ORDER) == three
    assert newest(offered, 4, first=NORM_ORDER) == (offered[0].id,)
    assert newest(offered, 4, first=NORM_ORDER, at_least=2) == three
    assert newest(offered[:1], 4, first=NORM_ORDER, at_least=2) == (offered[0].id,)


def test_a_fork_is_not_what_pages_open_with(runs, ids):
    """It is one future of one network: beside nothing, it shows nothing."""
    offered = networks.choices()
    fork = replace(offered[0], id="fork", is_fork=True)
    three = (ids["bn"], ids["asrnorm"], ids["afn"])
    assert newest([fork, *offered], 4, first=NORM_ORDER) == three
    assert newest([fork], 4, first=NORM_ORDER) == ("fork",)


def test_runs_of_one_name_can_be_told_apart(runs, quick):
    for _ in range(2):
        list(execute(runs.create(replace(quick, norm="in"), name="IN")))
    titles = [choice.title for choice in networks.choices()]
    assert len(set(titles)) == 2
    assert all(title.startswith("IN · digits8 · ") for title in titles)


@pytest.mark.parametrize("record", ["{", '{"config": {"norm": "vgg"}}'])
def test_what_cannot_be_tested_is_not_offered(runs, quick, ids, record):
    runs.create(quick)
    (runs.open(ids["afn"]).path / "config.json").write_text(record)
    assert {choice.id for choice in networks.choices()} == {ids["bn"], ids["asrnorm"]}


def test_a_model_of_other_classes_is_left_out_and_told(runs, ids):
    bn, afn, asrnorm = chosen(runs, ids)
    config = replace(afn.network.config, dataset="cifar10")
    foreign = replace(afn.network, config=config, class_names=tuple("abcdefghij"))
    own = bn.network.config.dataset
    those = [bn, replace(afn, network=foreign), asrnorm]
    assert robustness.fitting([bn, asrnorm], own) == ([bn, asrnorm], [])
    assert robustness.fitting(those, own) == (
        [bn, asrnorm],
        [f"afn (cifar10) knows other classes than those of {own}: it is left out."],
    )
    assert [each.label for each in robustness.fitting(those, "cifar10")[0]] == ["afn"]
