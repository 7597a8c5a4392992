"""Training what a matrix lacks, on the Domains page under AppTest, and recipes to choose from."""

from dataclasses import replace

import pytest

from afn.engine.execution import execute
from afn.runs.store import RunStore
from afn.settings.config import TrainConfig
from afn.work.runner import LocalRunner
from app.kit.offers import recipe_of
from app.page.domains import training as training_domains
from tests.app.one_view import words
from tests.app.shapes import NAMES, TINY, TREE, answered, buttons, finished, page, queued, tables

pytestmark = pytest.mark.slow

# -- recipes on the page ---------------------------------------------------------------------------


def test_the_recipe_with_most_networks_is_chosen_and_others_can_be(trained_shapes):
    finished(trained_shapes, norm="bn", dataset=NAMES[0], seed=5)
    at = page(**TREE, norms="bn~afn")
    choice = at.selectbox(key="domains.recipe")
    assert [label.rpartition(" · ")[2] for label in choice.options] == [
        "6 of 6 trained", "1 of 6 trained", "0 of 6 trained",
    ]  # fmt: skip
    assert at.query_params["recipe"] == recipe_of(TINY).hash()
    other = recipe_of(replace(TINY, seed=5)).hash()
    answered(choice.select(other).run())
    assert at.query_params["recipe"] == other
    assert "Train the missing 5 networks" in buttons(at)
    assert tables(page(**at.query_params)) == tables(at)


def test_recipes_that_never_came_to_a_network_are_not_offered(shapes):
    run = shapes.create(replace(TINY, norm="bn", dataset=NAMES[0]))
    run.end("failed", "it broke")
    at = page(**TREE)
    assert "domains.recipe" not in [each.key for each in at.selectbox]


def test_a_damaged_run_is_passed_over(trained_shapes):
    damaged = trained_shapes.create(replace(TINY, norm="bn", dataset=NAMES[0], seed=9))
    (damaged.path / "config.json").write_text("{")
    assert len(tables(page(**TREE, norms="bn~afn"))) == 2


# -- training on the page --------------------------------------------------------------------------


def test_the_button_queues_a_run_for_each_network(shapes, monkeypatch):
    monkeypatch.setattr("app.page.domains.page.default_recipe", lambda _: recipe_of(TINY))
    together = []
    monkeypatch.setattr(LocalRunner, "submit", lambda self, runs: together.append(len(runs)))
    at = page(**TREE, norms="bn~bn-batch~afn")
    answered(at.button(key="domains.train").click().run())
    assert queued(shapes) == {(norm, name) for norm in ("bn", "afn") for name in NAMES}
    assert together == [1] * 6  # each starts when there is a core
    assert "domains.train" not in [button.key for button in at.button]
    assert "Stop" in buttons(at)
    [progress] = at.get("progress")
    assert progress.proto.text == "training: 0 of 6 networks done"


def test_progress_tells_what_is_done_and_what_is_left(shapes):
    waiting = shapes.create(replace(TINY, norm="bn", dataset=NAMES[1]))
    finished(shapes, norm="bn", dataset=NAMES[2])
    run = shapes.create(replace(TINY, norm="bn", dataset=NAMES[0]))
    events = execute(run)
    while next(events).step < 4:  # of 8
        pass
    at = page(**TREE, norms="bn")
    [progress] = at.get("progress")
    assert progress.proto.text.startswith("training: 1 of 3 networks done · about ")
    assert progress.proto.value == pytest.approx(50, abs=1)
    assert "domains.train" not in [button.key for button in at.button]
    list(events)
    assert waiting.state().status == "waiting"


def test_stop_ends_what_runs_and_leaves_no_trace_of_the_rest(shapes):
    waiting = [shapes.create(replace(TINY, norm="bn", dataset=name)) for name in NAMES[1:]]
    run = shapes.create(replace(TINY, norm="bn", dataset=NAMES[0]))
    events = execute(run)
    while next(events).step < 1:
        pass
    at = page(**TREE, norms="bn")
    answered(at.button(key="domains.stop").click().run())
    assert not any(each.path.exists() for each in waiting)
    list(events)
    assert run.state().status == "stopped"
    assert "Train the 3 networks" in buttons(answered(at.run()))


def test_stop_does_not_mind_what_ended_or_went_meanwhile(shapes):
    over, gone, waiting = (shapes.create(replace(TINY, norm="bn", dataset=name)) for name in NAMES)
    list(execute(over))
    gone.delete()
    training_domains.stop([over, gone, waiting])
    assert [run.id for run in shapes.list()] == [over.id]
    assert over.state().status == "finished"
    assert not over.control_path.exists()


def test_a_network_that_has_ended_is_tested(shapes):
    run = shapes.create(replace(TINY, norm="bn", dataset=NAMES[0]))
    at = page(**TREE, norms="bn")
    assert {text for row in tables(at)["BN"] for text in row} == {"·"}
    list(execute(run))
    answered(at.run())
    first, *others = tables(at)["BN"]
    assert all(text != "·" for text in first)
    assert {text for row in others for text in row} == {"·"}
    assert "Train the missing 2 networks" in buttons(at)


def test_why_a_network_could_not_be_trained_is_one_line(shapes):
    for name in NAMES:
        run = shapes.create(
            replace(recipe_of(TrainConfig(widths=(16, 32, 64), epochs=10)), norm="bn", dataset=name)
        )
        run.end("failed", "out of memory")
    at = page(**TREE, norms="bn")
    [line] = [line.value for line in at.warning]
    assert line.startswith("Not trained: BN on ")
    assert line.endswith("The reason: out of memory.")
    assert "Train the 3 networks" in buttons(at)


def test_what_cannot_be_trained_is_told_and_leaves_no_runs(shapes):
    at = page(**TREE, norms="bn")  # its batches of 64 are more than there are images
    at.button(key="domains.train").click().run()
    assert "the batch size 64 is above the 32 training images of shapes/ink" in at.toast[0].value
    assert queued(shapes) == set()
    assert "Train the 3 networks" in buttons(answered(at.run()))


def test_a_full_disk_is_told(shapes, monkeypatch):
    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("app.page.domains.page.default_recipe", lambda _: recipe_of(TINY))
    at = page(**TREE, norms="bn")
    monkeypatch.setattr(RunStore, "create", full)
    at.button(key="domains.train").click()
    at.run()
    assert not at.exception
    assert "No space left" in at.toast[0].value


def test_how_long_training_takes_is_said_once_it_is_known(trained_shapes):
    at = page(**TREE, norms="bn~afn~asrnorm", recipe=recipe_of(TINY).hash())
    assert "takes about" in words(at)
    one = training_domains.seconds_needed(TINY, [("bn", NAMES[0])])
    many = training_domains.seconds_needed(TINY, [("bn", name) for name in 8 * NAMES])
    longer = training_domains.seconds_needed(replace(TINY, epochs=20), [("bn", NAMES[0])])
    assert 0 < one <= many
    assert one < longer <= 10 * one  # but for the start, which is no longer
    assert training_domains.seconds_needed(replace(TINY, widths=(64,)), [("bn", NAMES[0])]) is None
