"""Runs on the Playground under AppTest: started, commanded, taken up again.

Only one test has a worker process: in the others what is submitted waits, or the test itself
executes it.
"""

import json
import re
from dataclasses import replace

import pytest
import streamlit as st

from afn.engine.execution import execute
from afn.runs.history import History
from afn.runs.store import RunStore
from afn.work.folder import ENDED
from app.kit import backend
from tests.app.one_view import drawn, run_fragment, text
from tests.app.playground import (
    CONFIG,
    QUICK_LINK,
    cards,
    commands,
    fed,
    finished,
    is_enabled,
    playground,
    press,
    readings,
    running,
    settings,
    standing,
)
from tests.waiting import wait_for

pytestmark = pytest.mark.slow


@pytest.fixture
def store(tmp_path, monkeypatch):
    """The run store of an app that has no data folder; its worker is gone at the end."""
    monkeypatch.setenv("AFN_RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.setenv("AFN_DATA_DIR", str(tmp_path / "no-data"))
    monkeypatch.setenv("AFN_WORKER_FORK", "0")
    st.cache_resource.clear()
    st.cache_data.clear()
    yield RunStore()
    backend.runner().close()
    st.cache_resource.clear()


def test_start_trains_all_contenders_in_the_worker_and_the_page_reads_them(store):
    at = press(playground(**QUICK_LINK, c=["afn", "bn"]), "Start")
    runs = {run.record()["name"]: run for run in store.list()}
    assert runs.keys() == {"AFN", "BN"}
    assert at.query_params["run"] == f"{runs['AFN'].id}~{runs['BN'].id}"
    assert len({run.record()["group"] for run in runs.values()}) == 1
    wait_for(lambda: all(run.state().status in ENDED for run in runs.values()), "the runs' end")
    drawn(at.run())
    assert standing(at) == [("AFN", "finished"), ("BN", "finished")]
    assert not at.error
    words = [f"{name} {100 * run.state().summary['accuracy']:.1f} %" for name, run in runs.items()]
    scores = re.search(r"Test accuracy on 360 images of digits8 at step 22: (.*)\.", readings(at))
    assert set(scores[1].split(" and ")) == set(words)
    assert len(fed(at)) == 9


def test_start_makes_the_runs_that_the_settings_say(runs):
    at = press(playground(**QUICK_LINK, lr="0.1"), "Start")
    configs = {run.config() for run in runs.list()}
    assert configs == {replace(CONFIG, norm=n, lr=0.1) for n in ("afn", "asrnorm", "bn")}
    assert {status for _, status in standing(at)} == {"waiting"}
    assert not is_enabled(at, "Start")
    assert is_enabled(at, "Stop")


def test_the_buttons_act_on_the_contender_that_is_chosen(runs):
    at = playground(**QUICK_LINK)
    at.selectbox(key="target").set_value("1")
    press(drawn(at.run()), "Start")
    [run] = runs.list()
    assert run.config().norm == "asrnorm"
    assert standing(at) == [("AFN", "ready"), ("ASRNorm", "waiting"), ("BN", "ready")]
    assert at.query_params["run"] == f"-~{run.id}"


def test_step_before_start_takes_one_step_and_pauses(runs):
    at = press(playground(**QUICK_LINK, c="bn"), "Step")
    [run] = runs.list()
    assert commands(run) == [{"command": "step"}]
    events = execute(run)
    while next(events).kind != "step":
        pass
    assert next(events).kind == "snapshot"
    drawn(at.run())
    assert standing(at) == [("BN", "paused")]
    assert "step 1 ·" in cards(at)[0][2]
    press(at, "Step")
    assert commands(run) == [{"command": "step"}] * 2
    events.close()


@pytest.mark.parametrize("label", ["Pause", "Stop", "Step"])
def test_a_button_tells_a_live_run(runs, label):
    run, events = running(runs, CONFIG)
    at = playground(run=run.id)
    assert standing(at) == [("AFN", "running")]
    press(at, label)
    assert commands(run) == [{"command": label.lower()}]
    events.close()


def test_a_card_says_at_which_step_its_accuracy_was_tested(runs):
    run, events = running(runs, CONFIG)
    tested = next(e for e in events if e.kind == "evaluation" and not e.values["corruption"])
    while (now := next(events).step) <= tested.step:
        pass
    at = playground(run=run.id)
    told = f"{100 * tested.values['accuracy']:.1f} %"
    assert [0, tested.step, told] in fed(at)["cards"]["tests"]
    assert f"step {now} · " in cards(at)[0][2]
    events.close()


def test_pause_turns_into_resume(runs):
    run, events = running(runs, CONFIG)
    at = press(playground(run=run.id), "Pause")
    assert next(e for e in events if e.kind == "state").values == {"state": "paused"}
    drawn(at.run())
    assert standing(at) == [("AFN", "paused")]
    press(at, "Resume")
    assert [command["command"] for command in commands(run)] == ["pause", "resume"]
    list(events)
    assert standing(drawn(at.run())) == [("AFN", "finished")]


def test_where_some_run_and_others_are_paused_both_buttons_act_on_theirs(runs):
    (paused, calm), (live, busy) = (running(runs, replace(CONFIG, norm=n)) for n in ("afn", "bn"))
    paused.send({"command": "pause"})
    while next(calm).kind != "state":
        pass
    at = playground(run=f"{paused.id}~{live.id}")
    assert standing(at) == [("AFN", "paused"), ("BN", "running")]
    press(at, "Pause")
    assert [command["command"] for command in commands(paused)] == ["pause"]
    assert [command["command"] for command in commands(live)] == ["pause"]
    press(at, "Resume")
    assert [command["command"] for command in commands(paused)] == ["pause", "resume"]
    assert [command["command"] for command in commands(live)] == ["pause"]
    for events in (calm, busy):
        events.close()


def test_stop_takes_a_waiting_run_out_of_the_queue(runs):
    at = press(press(playground(**QUICK_LINK, c="bn"), "Start"), "Stop")
    [run] = runs.list()
    assert run.state().reason == "stopped before it began"
    assert standing(at) == [("BN", "stopped")]


@pytest.mark.parametrize("label", ["Reset", "New seed"])
def test_a_fresh_start_stops_live_runs_and_keeps_the_settings(runs, label):
    run, events = running(runs, CONFIG)
    at = press(playground(run=run.id), label)
    assert commands(run) == [{"command": "stop"}]
    assert standing(at) == [("AFN", "ready")]
    [wanted] = settings(at)
    assert (wanted.seed == CONFIG.seed) == (label == "Reset")
    assert replace(wanted, seed=CONFIG.seed) == CONFIG
    assert "run" not in at.query_params
    assert "Nothing runs yet" in text(at.caption)
    events.close()


def test_reset_takes_ended_runs_from_the_screen_and_the_address(runs):
    run = finished(runs, CONFIG)
    at = press(playground(run=run.id), "Reset")
    assert standing(at) == [("AFN", "ready")]
    assert "run" not in at.query_params
    assert run.state().status == "finished"


def test_start_again_makes_a_second_run_of_the_same_configuration(runs):
    first = finished(runs, CONFIG)
    at = press(playground(run=first.id), "Start again")
    [second] = [run for run in runs.list() if run.id != first.id]
    assert second.config() == first.config()
    assert at.query_params["run"] == second.id


def test_a_stopped_run_with_a_checkpoint_is_resumed(runs):
    run, events = running(runs, CONFIG)
    run.send({"command": "stop"})
    list(events)
    at = playground(run=run.id)
    assert standing(at) == [("AFN", "stopped")]
    press(at, "Resume")
    assert standing(at) == [("AFN", "waiting")]
    list(execute(run))
    assert standing(drawn(at.run())) == [("AFN", "finished")]


@pytest.mark.parametrize("end", ["failed", "stopped"])
def test_settings_are_changed_before_a_run_is_resumed_with_them(runs, end):
    run, events = running(runs, CONFIG)
    run.send({"command": "stop"})
    list(events)
    (run.path / "end.json").unlink()
    run.end(end, "by hand")
    at = playground(run=run.id)
    assert "For when you press Resume" in text(at.caption)
    drawn(at.number_input(key="change.lr").set_value(0.01).run())
    assert "once resumed" in at.toast[0].value
    later = "Set for when it is resumed. AFN: lr 0.01."
    assert later in text(drawn(at.run()).caption)
    assert later in text(playground(run=run.id).caption)  # also in another browser
    press(drawn(at.run()), "Resume")
    list(execute(run))
    drawn(at.run())
    assert later not in text(at.caption)
    assert standing(at) == [("AFN", "finished")]
    assert '"lr 0.01"' in json.dumps(fed(at))
    rates = History.of(run).columns["lr"]
    assert set(rates[:3]) == {0.05}
    assert set(rates[4:]) == {0.01}


def test_what_cannot_be_resumed_cannot_be_changed(runs):
    run = runs.create(CONFIG)
    run.claim()
    run.end("failed", "before its first checkpoint")
    for shown in (run, finished(runs, CONFIG)):
        at = playground(run=shown.id)
        assert "Change now" not in text(at.header)
        assert "change.lr" not in [each.key for each in at.number_input]


@pytest.mark.parametrize(
    ("widget", "value"), [("lr", 0.01), ("batch_size", 32), ("lambda_lr_factor", 10.0)]
)
def test_a_change_reaches_the_live_run_as_just_typed_and_leaves_a_mark(runs, widget, value):
    run, events = running(runs, CONFIG)
    at = playground(run=run.id)
    assert "Change now" in text(at.header)
    drawn(at.number_input(key=f"change.{widget}").set_value(value).run())
    assert commands(run) == [{"command": "set", widget: value}]
    list(events)
    drawn(at.run())
    assert '"marks":' in json.dumps(fed(at))


def test_lambda_is_set_in_the_contenders_that_have_one(runs):
    both, open_events = zip(
        *(running(runs, replace(CONFIG, norm=norm)) for norm in ("afn", "bn")), strict=True
    )
    at = playground(run="~".join(run.id for run in both))
    drawn(at.select_slider(key="change.logit").set_value(0.5).run())
    assert commands(both[0]) == [{"command": "set", "lambda": {"mu": 0.5, "sigma": 0.5}}]
    assert commands(both[1]) == []
    for events in open_events:
        events.close()


def test_a_test_on_demand_reopens_a_finished_run_for_it(runs):
    run = finished(runs, CONFIG)
    at = playground(run=run.id)
    at.segmented_control(key="set.severity").set_value(5)
    assert "No corruption tested yet" in readings(run_fragment(at, 1))
    at.button(key="test.now").click()
    run_fragment(at, 1)
    assert commands(run) == [{"command": "evaluate", "severity": 5}]
    list(execute(run))
    drawn(at.run())
    assert "The largest drop from clean at severity 5" in readings(at)
    assert standing(at) == [("AFN", "finished")]


def test_settings_that_differ_from_the_runs_are_pointed_out(runs):
    at = playground(run=finished(runs, CONFIG).id)
    assert "differ from the runs below" not in text(at.caption)
    drawn(at.number_input(key="set.lr").set_value(0.2).run())
    assert "differ from the runs below" in text(at.caption)
