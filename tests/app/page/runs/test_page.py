"""The Runs page under AppTest: what is selected stays so, a run is forked, two are compared."""

import json
from dataclasses import replace

import pytest

from afn.engine.execution import execute
from afn.runs.fork import fork
from afn.runs.index import RunIndex
from afn.runs.store import Run, RunStore
from afn.work.runner import LocalRunner
from tests.app.one_view import drawn, opened, text

pytestmark = pytest.mark.slow

MIDDLE = 22
"""The step of the first of two checkpoints."""


@pytest.fixture
def submitted():
    """Ids of the runs that the page has submitted."""
    return []


@pytest.fixture
def store(runs, monkeypatch, submitted):
    """The app's run store; what is submitted waits, and is told."""
    monkeypatch.setattr(
        LocalRunner, "submit", lambda self, runs: submitted.extend(run.id for run in runs)
    )
    return runs


@pytest.fixture
def config(quick):
    """Two epochs of 22 steps, a checkpoint behind each."""
    return replace(quick, epochs=2)


def trained(store, config, **options):
    run = store.create(config, **options)
    list(execute(run))
    assert run.state().status == "finished", run.state().reason
    return run


def runs_page(*runs):
    """The page, opened by a link to these runs."""
    return opened("runs", **({"run": "~".join(run.id for run in runs)} if runs else {}))


def table(at):
    return at.dataframe[0].value.to_dict("records")


def linked(at, parameter="run"):
    """What the address names; AppTest has a list from a link, and a text from the page itself."""
    found = at.query_params.get(parameter, "")
    text = found if isinstance(found, str) else found[-1]
    return text.split("~") if text else []


def control(at, run, name):
    [found] = [
        each
        for kind in (at.selectbox, at.number_input, at.toggle)
        for each in kind
        if each.key == f"fork.{run.id}.{name}"
    ]
    return found


def press_fork(at):
    drawn(at.button(key="fork.start").click().run())
    return at


# -- selection ---------------------------------------------------------------------------------


def test_a_link_selects_and_rows_that_move_take_the_selection_along(store, config):
    first, second = store.create(config, name="first"), store.create(config, name="second")
    at = runs_page(first)
    assert at.text_input[-1].value == "first"
    newest = store.create(config, name="newest")
    drawn(at.run())
    assert [row["run"] for row in table(at)] == [newest.id, second.id, first.id]
    assert at.text_input[-1].value == "first"
    assert linked(at) == [first.id]


def test_a_click_that_comes_with_moved_rows_means_the_rows_that_were_seen(store, config):
    first = store.create(config, name="first")
    at = runs_page()
    store.create(config, name="newest")
    at.session_state["runs.table.0"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    drawn(at.run())
    assert at.text_input[-1].value == "first"
    assert linked(at) == [first.id]


def test_a_link_to_runs_that_are_gone_selects_nothing(store, config):
    store.create(config)
    at = opened("runs", run="20200101-000000-afn-ffffff~-")
    assert [each.label for each in at.text_input] == ["Search"]
    assert linked(at) == []


def test_the_table_opens_no_run_that_the_index_knows(store, config, monkeypatch):
    trained(store, config, name="known")
    RunIndex(store).lines()

    def opened(run):
        pytest.fail(f"{run} was read")

    for name in ("record", "state", "events"):
        monkeypatch.setattr(Run, name, opened)
    [row] = table(runs_page())
    assert (row["name"], row["status"], row["batch"]) == ("known", "finished", 64)


# -- fork --------------------------------------------------------------------------------------


def test_a_run_is_forked_with_what_the_controls_say(store, config, submitted):
    run = trained(store, config, name="parent")
    at = runs_page(run)
    assert control(at, run, "step").value == MIDDLE
    assert "Nothing is changed yet" in text(at.markdown)
    control(at, run, "mu").set_value(0.0)
    control(at, run, "lr").set_value(0.01)
    drawn(control(at, run, "batch_size").set_value(32).run())
    line = (
        "From step 22 on, through 1 more epoch: batch_size 64 → 32, lr 0.05 → 0.01 and $lambda_mu$"
    )
    assert line in text(at.markdown).replace("\\", "")
    press_fork(at)
    [made] = [each for each in store.list() if each.id != run.id]
    assert submitted == [made.id]
    assert made.origin().logits == {"mu": 0.0}
    assert (made.config().lr, made.config().batch_size) == (0.01, 32)
    assert linked(at) == [run.id], "the selection stays with the parent"
    row = {row["run"]: row for row in table(at)}[made.id]
    assert row["forked from"] == "parent, step 22"
    assert "starts in a moment" in text(at.markdown)


def test_another_norm_brings_its_own_controls(store, config, submitted):
    run = trained(store, replace(config, norm="bn"))
    at = runs_page(run)
    assert not [each for each in at.number_input if each.key == f"fork.{run.id}.mu"]
    drawn(control(at, run, "norm").set_value("afn").run())
    assert "takes over every tensor" in text(at.markdown)
    drawn(control(at, run, "sigma").set_value(-1.0).run())
    press_fork(at)
    [made] = [each for each in store.list() if each.id != run.id]
    assert (made.config().norm, made.origin().logits) == ("afn", {"sigma": -1.0})
    list(execute(made))
    drawn(at.run())
    assert "finished · step 44" in text(at.markdown)


def test_what_does_not_fit_is_one_line_and_nothing_can_start(store, config):
    run = trained(store, config)
    at = runs_page(run)
    drawn(control(at, run, "step").set_value(44).run())
    assert "raise the epochs" in text(at.warning)
    assert at.button(key="fork.start").disabled
    drawn(control(at, run, "epochs").set_value(3).run())
    assert not at.warning
    assert not at.button(key="fork.start").disabled


def test_a_full_disk_is_one_line(store, config, monkeypatch):
    run = trained(store, config)
    at = runs_page(run)

    def full(*_, **__):
        raise OSError("no space left")

    monkeypatch.setattr(RunStore, "create", full)
    press_fork(at)
    assert "Nothing was started: no space left." in text(at.warning)


def test_without_a_checkpoint_there_is_nothing_to_fork(store, config):
    at = runs_page(store.create(config))
    assert "There is no checkpoint to go back to yet" in text(at.caption)
    assert not [each for each in at.button if each.key == "fork.start"]


def test_both_futures_are_opened_together(store, config):
    run = trained(store, config)
    made = fork(store, run, step=MIDDLE, lambda_logits={"mu": 0.0})
    list(execute(made))
    for key, parameter in (("play", "run"), ("lambda", "runs")):
        at = runs_page(run)
        drawn(at.button(key=f"both.{key}.{run.id}.{made.id}").click().run())
        assert linked(at, parameter) == [run.id, made.id]


def test_a_fork_names_its_parent_even_when_that_is_gone(store, config):
    run = trained(store, config)
    made = fork(store, run, step=MIDDLE)
    assert f"It is itself a fork, from step 22 of {run.id}" in text(runs_page(made).markdown)
    run.delete()
    at = runs_page(made)
    assert "of a run that was deleted" in text(at.caption)
    assert table(at)[0]["forked from"] == "a deleted run, step 22"


# -- two runs ----------------------------------------------------------------------------------


def figures(at):
    return [(each.proto.alt, json.loads(each.proto.spec)) for each in at.get("plotly_chart")]


def test_two_runs_are_compared_where_they_part(store, config):
    run = trained(store, config)
    made = fork(store, run, step=MIDDLE, lambda_logits={"mu": 0.0})
    list(execute(made))
    at = runs_page(run, made)
    said = text(at.markdown).replace("\\", "")
    assert "was forked from AFN at step 22." in said
    assert "part at step 23, where the loss, " in said
    assert "the gradient norm and λ differ for the first time among the 22 steps" in said
    assert at.dataframe[1].value.to_dict("records") == [
        {
            "setting": "λ(μ): logit at the start, or set by the fork",
            "AFN": "-3",
            "AFN (λ_μ logit 0 from step 22)": "0",
        }
    ]
    told = figures(at)
    assert [alt.partition(",")[0] for alt, _ in told] == [
        "Training loss", "Test accuracy", "Gradient norm",
    ]  # fmt: skip
    assert {note["text"] for _, figure in told for note in figure["layout"]["annotations"]} == {
        "forked"
    }
    assert "Cached · digits8" in text(at.caption)
    assert [each for each in at.get("download_button") if each.key == "csv.two-runs"]


def test_equal_runs_never_part(store, config):
    at = runs_page(trained(store, config), trained(store, config))
    assert "never part within the 44 steps" in text(at.markdown)
    assert "Their settings are equal." in text(at.markdown)


def test_runs_without_a_step_are_compared_by_their_settings(store, config):
    at = runs_page(store.create(config), store.create(replace(config, norm="bn", lr=0.1)))
    assert "have recorded no step in common" in text(at.markdown)
    rows = at.dataframe[1].value.to_dict("records")
    assert [row["setting"] for row in rows] == ["norm", "lr"]


def test_a_damaged_run_among_two_is_one_line(store, config):
    sound, damaged = store.create(config), store.create(config)
    (damaged.path / "config.json").write_text("{")
    at = runs_page(sound, damaged)
    assert len(at.warning) == 1


def test_on_a_shared_server_a_run_that_is_about_to_go_says_so_until_its_owner_keeps_it(
    store, config, monkeypatch
):
    run = store.create(config, owner="ann")
    list(execute(run))
    assert not labelled(runs_page(run).button, "Keep")
    monkeypatch.setenv("AFN_SHARED", "1")
    monkeypatch.setenv("AFN_LIMIT_DISK", "0.001")
    monkeypatch.setattr("app.kit.people.me", lambda: "bob")
    [keep] = labelled(runs_page(run).button, "Keep")
    assert keep.disabled
    monkeypatch.setattr("app.kit.people.me", lambda: "ann")
    at, other_tab = runs_page(run), runs_page(run)
    assert any("It goes with the next run" in warning.value for warning in at.warning)
    labelled(at.button, "Keep")[0].click().run()
    assert run.is_pinned
    assert not any("It goes" in warning.value for warning in at.warning)
    other_tab.run()
    assert run.is_pinned
    labelled(at.button, "Kept: let it go")[0].click().run()
    assert not run.is_pinned


def labelled(buttons, label):
    return [button for button in buttons if button.label == label]
