"""Each page as a visitor meets it, under AppTest: what is shown, and what a click does.

AppTest draws a page once per run; live updates in a browser are tested elsewhere. Only one test
has a worker process: in the others what is submitted waits, or the test itself executes it.
"""

import errno
import re
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest
import streamlit as st
from streamlit.runtime.scriptrunner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.local_script_runner import LocalScriptRunner

from afn.engine.config import TrainConfig
from afn.engine.execution import execute
from afn.index import RunIndex
from afn.jsonl import read_lines
from afn.runner import LocalRunner
from afn.runs import RunStore
from afn.work import ENDED
from app import backend
from app.comparison import PRESETS, from_url, to_url
from tests.waiting import PATIENCE, wait_for

APP = Path(__file__).parents[2] / "app" / "streamlit_app.py"
QUICK_LINK = {"data": "digits8", "epochs": "1", "widths": "4-8"}


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


@pytest.fixture
def idle(store, monkeypatch):
    """The same store, with a runner whose queue never moves."""
    monkeypatch.setattr(LocalRunner, "start", lambda self: None)
    monkeypatch.setattr(LocalRunner, "submit", lambda self, runs: None)
    return store


@pytest.fixture
def config():
    """What the page starts for the first contender of ``QUICK_LINK``."""
    return TrainConfig(dataset="digits8", epochs=1, widths=(4, 8))


def drawn(at):
    assert not at.exception, [error.message for error in at.exception]
    return at


def playground(**url):
    at = AppTest.from_file(str(APP), default_timeout=PATIENCE)
    at.query_params.update(url)
    return drawn(at.run())


def test_a_cluster_that_cannot_be_used_is_told_in_a_line(monkeypatch, tmp_path):
    monkeypatch.setenv("AFN_RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.setenv("AFN_CLUSTER", "tcp://nowhere")
    st.cache_resource.clear()
    at = playground(**QUICK_LINK)
    assert [error.value for error in at.error] == [
        "a cluster's address is tcp://host:port or tls://host:port, got 'tcp://nowhere'."
    ]


def unfold(at, *keys):
    """Open expanders and popovers, whose content is made when they are opened."""
    for key in keys:
        at.session_state[key] = True
    return drawn(at.run())


def run_fragment(at):
    """What AppTest cannot do: rerun as a browser does when something in the live part was clicked.

    Then the fragment alone runs again, and `at` holds what came of that.
    """
    [fragment] = at._fragment_storage._fragments

    def request(runner, data):
        runner._requests = ScriptRequests()  # without the whole page that it begins with
        return ScriptRunner.request_rerun(runner, replace(data, fragment_id=fragment))

    with patch.object(LocalScriptRunner, "request_rerun", request):
        return drawn(at.run())


def press(at, label):
    at.button(key=f"transport.{label}").click()
    return drawn(at.run())


def is_enabled(at, label):
    return not at.button(key=f"transport.{label}").disabled


def text(elements):
    return "\n".join(element.value for element in elements)


def cards(at):
    """Per contender (its name, how it stands, the line below)."""
    [page] = [html.proto.body for html in at.get("html") if "afn-cards" in html.proto.body]
    pattern = r'<header><span>(.*?)</span><span class="state">(.*?)</span>.*?"facts">(.*?)</div>'
    return re.findall(pattern, page, re.DOTALL)


def settings(at):
    """The comparison that the address asks for."""
    url = {k: v if isinstance(v, list) else [v] for k, v in at.query_params.items()}
    comparison, problems = from_url(url)
    assert problems == []
    return comparison


def standing(at):
    return [(name, status) for name, status, _ in cards(at)]


def commands(run):
    return read_lines(run.control_path)[0]


def finished(store, config, **options):
    run = store.create(config, **options)
    list(execute(run))
    assert run.state().status == "finished"
    return run


def running(store, config, steps=3):
    """A run that this process executes, so many steps into it, and its events to come."""
    run = store.create(config)
    events = execute(run)
    while next(events).step < steps:
        pass
    return run, events


# -- Playground: settings --------------------------------------------------------------------------


def test_the_first_visit_needs_no_data_and_writes_nothing(idle):
    at = playground()
    assert standing(at) == [("AFN", "ready"), ("ASRNorm", "ready"), ("BN", "ready")]
    assert "Nothing runs yet" in text(at.markdown)
    assert is_enabled(at, "Start")
    assert is_enabled(at, "Step")
    assert not any(is_enabled(at, label) for label in ("Pause", "Stop", "Reset"))
    assert at.selectbox(key="set.dataset").value == "mnist5k"
    assert len(at.warning) == len(at.error) == 0
    assert dict(at.query_params) == {}
    assert not idle.root.exists()


def test_a_preset_changes_settings_address_and_says_what_to_expect(idle):
    at = playground(**QUICK_LINK)
    for name, preset in PRESETS.items():
        drawn(at.selectbox(key="preset").select(name).run())
        assert dict(at.query_params) == to_url(preset.comparison)
        assert at.number_input(key="set.batch_size").value == preset.comparison[0].batch_size
        assert len(cards(at)) == len(preset.comparison)
        assert preset.expectation in text(at.caption)


def test_every_setting_of_a_contender_reaches_the_address(idle):
    at = unfold(playground(c="afn"), "open.0")
    drawn(at.selectbox(key="set.0.start").select("custom").run())
    at.number_input(key="set.0.mu").set_value(-1.5)
    at.segmented_control(key="set.0.rescale_gate").set_value("linear")
    at.number_input(key="set.0.stan_width").set_value(4)
    at.number_input(key="set.0.rescale_width").set_value(2)
    at.slider(key="set.0.stat_dropout").set_value(0.3)
    at.segmented_control(key="set.0.formula").set_value("reference")
    at.selectbox(key="set.0.eval_stats").select("running")
    drawn(at.run())
    assert at.query_params["c"] == (
        "afn~lambda_-1.5_-3_-5_-5_linear~stan_4~rescale_2~dropout_0.3~formula_reference"
        "~stats_running"
    )
    at.toggle(key="set.0.adaptive").set_value(False)
    drawn(at.run())
    assert at.query_params["c"] == (
        "afn~lambda_-1.5_-3_-5_-5_linear~ed_off~formula_reference~stats_running"
    )


def test_contenders_are_added_up_to_four_and_removed(idle):
    at = playground(c=["bn", "afn"])
    for names in (["BN", "AFN", "ASRNorm"], ["BN", "AFN", "ASRNorm", "IN"]):
        [add] = [button for button in at.button if button.label == "Add a contender"]
        drawn(add.click().run())
        assert [name for name, *_ in cards(at)] == names
    assert "Add a contender" not in [button.label for button in at.button]
    unfold(at, "open.0")
    drawn(at.button(key="remove.0").click().run())
    assert [name for name, *_ in cards(at)] == ["AFN", "ASRNorm", "IN"]


@pytest.mark.parametrize(
    ("widths", "clue"),
    [
        ("2, 2, 2, 2", "4 blocks halve 8 pixels to nothing"),
        ("0", "widths must be"),
        ("wide", "'wide'"),
    ],
)
def test_contradictory_settings_are_one_warning_and_nothing_can_start(idle, widths, clue):
    at = playground(**QUICK_LINK)
    drawn(at.text_input(key="set.widths").set_value(widths).run())
    [warning] = at.warning
    assert clue in warning.value
    assert not is_enabled(at, "Start")
    assert not is_enabled(at, "Step")
    drawn(at.text_input(key="set.widths").set_value("8").run())
    assert len(at.warning) == 0
    assert is_enabled(at, "Start")


def test_settings_that_are_rarely_meant_are_explained_but_can_start(idle):
    at = playground(bs="1", c=["bn", "asrnorm"])
    [hint] = at.info
    assert "BN with a batch of one" in hint.value
    assert is_enabled(at, "Start")


@pytest.mark.parametrize(
    "url",
    [
        {"bs": "9999"},
        {"lr": "abc"},
        {"net": "vgg"},
        {"c": "bogus"},
        {"data": "nowhere"},
        {"data": "../.."},
        {"data": "mnist"},
        {"widths": "a-b", "data": "digits8"},
    ],
    ids=str,
)
def test_a_hand_edited_link_is_one_warning_on_a_page_that_works(idle, url):
    at = playground(**url)
    assert len(at.warning) == 1
    assert "\n" not in at.warning[0].value
    assert is_enabled(at, "Start")
    assert len(playground(**at.query_params).warning) == 0


def test_a_link_may_name_data_that_is_made_of_others(idle):
    at = playground(data="digits8@rgb", c=["bn"])
    assert not at.warning
    assert "digits8@rgb" in [box.value for box in at.selectbox]
    assert at.query_params["data"] == "digits8@rgb"
    assert is_enabled(at, "Start")
    assert len(playground(data="mnist@rgb").warning) == 1  # MNIST is not here


@pytest.mark.parametrize("contender", ["afn~lambda_100_0_0_0", "afn~lambda_-inf_0_0_0"])
def test_a_start_of_lambda_beyond_its_control_does_not_break_the_page(idle, contender):
    unfold(playground(c=contender), "open.0")


def test_a_new_seed_is_in_the_address_at_once(idle):
    at = press(playground(**QUICK_LINK), "New seed")
    assert int(at.query_params["seed"]) > 0


# -- Playground: runs ------------------------------------------------------------------------------


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
    words = [
        f"{name} {100 * run.state().summary['accuracy']:.1f} % (step 22)"
        for name, run in runs.items()
    ]
    scores = re.search(r"Test accuracy on 360 images of digits8: (.*)\.", text(at.caption))
    assert set(scores[1].split(" and ")) == set(words)
    assert len(at.get("bidi_component")) == 5


def test_start_makes_the_runs_that_the_settings_say(idle, config):
    at = press(playground(**QUICK_LINK, lr="0.1"), "Start")
    configs = {run.config() for run in idle.list()}
    assert configs == {replace(config, norm=n, lr=0.1) for n in ("afn", "asrnorm", "bn")}
    assert {status for _, status in standing(at)} == {"waiting"}
    assert not is_enabled(at, "Start")
    assert is_enabled(at, "Stop")


def test_the_buttons_act_on_the_contender_that_is_chosen(idle):
    at = playground(**QUICK_LINK)
    at.segmented_control(key="target").set_value("1")
    press(drawn(at.run()), "Start")
    [run] = idle.list()
    assert run.config().norm == "asrnorm"
    assert standing(at) == [("AFN", "ready"), ("ASRNorm", "waiting"), ("BN", "ready")]
    assert at.query_params["run"] == f"-~{run.id}"


def test_step_before_start_takes_one_step_and_pauses(idle):
    at = press(playground(**QUICK_LINK, c="bn"), "Step")
    [run] = idle.list()
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
def test_a_button_tells_a_live_run(idle, config, label):
    run, events = running(idle, config)
    at = playground(run=run.id)
    assert standing(at) == [("AFN", "running")]
    press(at, label)
    assert commands(run) == [{"command": label.lower()}]
    events.close()


def test_pause_turns_into_resume(idle, config):
    run, events = running(idle, config)
    at = press(playground(run=run.id), "Pause")
    assert next(e for e in events if e.kind == "state").values == {"state": "paused"}
    drawn(at.run())
    assert standing(at) == [("AFN", "paused")]
    press(at, "Resume")
    assert [command["command"] for command in commands(run)] == ["pause", "resume"]
    list(events)
    assert standing(drawn(at.run())) == [("AFN", "finished")]


def test_stop_takes_a_waiting_run_out_of_the_queue(idle):
    at = press(press(playground(**QUICK_LINK, c="bn"), "Start"), "Stop")
    [run] = idle.list()
    assert run.state().reason == "stopped before it began"
    assert standing(at) == [("BN", "stopped")]


@pytest.mark.parametrize("label", ["Reset", "New seed"])
def test_a_fresh_start_stops_live_runs_and_keeps_the_settings(idle, config, label):
    run, events = running(idle, config)
    at = press(playground(run=run.id), label)
    assert commands(run) == [{"command": "stop"}]
    assert standing(at) == [("AFN", "ready")]
    [wanted] = settings(at)
    assert (wanted.seed == config.seed) == (label == "Reset")
    assert replace(wanted, seed=config.seed) == config
    assert "run" not in at.query_params
    assert "Nothing runs yet" in text(at.markdown)
    events.close()


def test_reset_takes_ended_runs_from_the_screen_and_the_address(idle, config):
    run = finished(idle, config)
    at = press(playground(run=run.id), "Reset")
    assert standing(at) == [("AFN", "ready")]
    assert "run" not in at.query_params
    assert run.state().status == "finished"


def test_start_again_makes_a_second_run_of_the_same_configuration(idle, config):
    first = finished(idle, config)
    at = press(playground(run=first.id), "Start again")
    [second] = [run for run in idle.list() if run.id != first.id]
    assert second.config() == first.config()
    assert at.query_params["run"] == second.id


def test_a_stopped_run_with_a_checkpoint_is_resumed(idle, config):
    run, events = running(idle, config)
    run.send({"command": "stop"})
    list(events)
    at = playground(run=run.id)
    assert standing(at) == [("AFN", "stopped")]
    press(at, "Resume")
    assert standing(at) == [("AFN", "waiting")]
    list(execute(run))
    assert standing(drawn(at.run())) == [("AFN", "finished")]


@pytest.mark.parametrize(
    ("widget", "value"), [("lr", 0.01), ("batch_size", 32), ("lambda_lr_factor", 10.0)]
)
def test_a_change_reaches_the_live_run_as_just_typed_and_leaves_a_mark(idle, config, widget, value):
    run, events = running(idle, config)
    at = unfold(playground(run=run.id), "change")
    at.number_input(key=f"change.{widget}").set_value(value)
    at.button(key=f"change.send.{widget}").click()  # leaving the field and clicking are one rerun
    run_fragment(at)
    assert commands(run) == [{"command": "set", widget: value}]
    list(events)
    drawn(at.run())
    assert '"marks":' in at.get("bidi_component")[0].proto.json


def test_lambda_is_set_in_the_contenders_that_have_one(idle, config):
    runs, open_events = zip(
        *(running(idle, replace(config, norm=norm)) for norm in ("afn", "bn")), strict=True
    )
    at = unfold(playground(run="~".join(run.id for run in runs)), "change")
    at.slider(key="change.logit").set_value(0.5)
    at.button(key="change.send.lambda").click()
    run_fragment(at)
    assert commands(runs[0]) == [{"command": "set", "lambda": {"mu": 0.5, "sigma": 0.5}}]
    assert commands(runs[1]) == []
    for events in open_events:
        events.close()


def test_a_test_on_demand_reopens_a_finished_run_for_it(idle, config):
    run = finished(idle, config)
    at = playground(run=run.id)
    at.segmented_control(key="set.severity").set_value(5)
    assert "No corruption tested yet" in text(run_fragment(at).caption)
    at.button(key="test.now").click()
    run_fragment(at)
    assert commands(run) == [{"command": "evaluate", "severity": 5}]
    list(execute(run))
    drawn(at.run())
    assert "The largest drop from clean at severity 5" in text(at.caption)
    assert standing(at) == [("AFN", "finished")]


def test_settings_that_differ_from_the_runs_are_pointed_out(idle, config):
    at = playground(run=finished(idle, config).id)
    assert "differ from the runs below" not in text(at.caption)
    drawn(at.number_input(key="set.lr").set_value(0.2).run())
    assert "differ from the runs below" in text(at.caption)


# -- Playground: links to runs, and faults ---------------------------------------------------------


def test_a_link_reattaches_in_another_browser(idle, config):
    runs = [finished(idle, replace(config, norm=norm)) for norm in ("afn", "in")]
    link = {"run": "~".join(run.id for run in runs)}
    first = playground(**link)
    second = playground(**first.query_params)
    for at in (first, second):
        assert standing(at) == [("AFN", "finished"), ("IN", "finished")]
        assert "statistics at test time: AFN test batch of 128, IN per image" in text(at.caption)
        assert not at.warning
    assert dict(second.query_params) == dict(first.query_params)


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        (
            ("logit", "layer", "backbone.blocks.1.norm"),
            ("logit", "layer", "backbone.blocks.1.norm"),
        ),
        (("nonsense", "nonsense", "nonsense"), ("λ", "λ", "backbone.blocks.0.norm")),
    ],
    ids=["sound", "nonsense"],
)
def test_a_link_says_how_to_look_at_the_runs(idle, config, asked, given):
    names = ("scale", "by", "layer")
    at = playground(run=finished(idle, config).id, **dict(zip(names, asked, strict=True)))
    shown = [at.segmented_control(key=f"view.{name}").value for name in names]
    assert tuple(shown) == given


def test_how_the_runs_are_looked_at_is_in_the_address_at_once(idle, config):
    at = playground(run=finished(idle, config).id)
    at.segmented_control(key="view.scale").set_value("logit")
    assert run_fragment(at).query_params.get("scale") == "logit"


@pytest.mark.parametrize("run_id", ["../..", "20200101-000000-afn-abcdef", "~", "-", "x" * 500])
def test_a_link_to_nothing_is_at_most_one_warning(idle, run_id):
    at = playground(run=run_id)
    assert len(at.warning) == (0 if run_id in ("~", "-") else 1)
    assert "Nothing runs yet" in text(at.markdown)
    assert is_enabled(at, "Start")
    assert dict(at.query_params) == {}


def test_a_run_deleted_while_on_screen_is_one_warning(idle, config):
    run = finished(idle, config)
    at = playground(run=run.id)
    run.delete()
    drawn(at.run())
    [warning] = at.warning
    assert "may have been deleted" in warning.value
    assert standing(at) == [("AFN", "ready")]


def test_a_failed_run_says_why_in_one_line(idle, config):
    run = idle.create(config)
    run.claim()
    run.end("failed", "its process was killed (signal 9)")
    at = playground(run=run.id)
    [error] = at.error
    assert error.value == "AFN failed: its process was killed (signal 9)."
    assert standing(at) == [("AFN", "failed")]


def test_a_damaged_recording_stays_readable(idle, config):
    run = finished(idle, config)
    lines = run.events_path.read_bytes().splitlines(keepends=True)
    lines[5:7] = [b'{"kind": "step", "step": 3}\n', b"\x00\xff\n", b"[]\n"]
    run.events_path.write_bytes(b"".join(lines) + b'{"kind": "st')
    at = playground(run=run.id)
    assert standing(at) == [("AFN", "finished")]
    assert "Test accuracy on 360 images" in text(at.caption)


def test_a_store_that_cannot_be_written_is_one_line(idle, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("AFN_RUNS_DIR", str(tmp_path / "file" / "runs"))
    at = press(playground(**QUICK_LINK), "Start")
    [warning] = at.warning
    assert warning.value.startswith("Nothing was started: cannot write a run below")
    assert {status for _, status in standing(at)} == {"ready"}


@pytest.mark.parametrize(
    "name",
    [*(f"transport.{n}" for n in ("Pause", "Stop", "Reset", "Step")), "change.send.lr", "test.now"],
)
def test_a_full_disk_is_one_line_whatever_is_pressed(idle, config, monkeypatch, name):
    run, events = running(idle, config)
    at = unfold(playground(run=run.id), "change")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("afn.runs.append_line", full)
    at.button(key=name).click()
    [warning] = run_fragment(at).warning
    assert "No space left on device" in warning.value
    events.close()


# -- Runs ------------------------------------------------------------------------------------------


def runs_app():
    import streamlit as st

    from app.views import playground, runs

    home = st.Page(playground.render, title="Playground", url_path="playground")
    page = st.Page(
        lambda: runs.render(open_page=home, dynamics_page=home),
        title="Runs",
        url_path="runs",
        default=True,
    )
    st.navigation([page, home]).run()


def runs_page(*selected):
    """The Runs page, with these rows selected."""
    at = AppTest.from_function(runs_app, default_timeout=PATIENCE)
    drawn(at.run())
    if selected:
        at.session_state[at.dataframe[0].key] = {
            "selection": {"rows": list(selected), "columns": [], "cells": []}
        }
        drawn(at.run())
    return at


def table(at):
    return at.dataframe[0].value.to_dict("records")


def labelled(elements, label):
    [found] = [element for element in elements if element.label == label]
    return found


def test_an_empty_store_points_to_the_playground(idle):
    at = runs_page()
    assert "No runs yet" in text(at.markdown)
    assert not at.dataframe


def test_runs_are_listed_newest_first_with_what_they_were(idle, config):
    waiting = idle.create(replace(config, norm="bn", lr=0.2))
    done = finished(idle, config, name="mine")
    failed = idle.create(config)
    failed.end("failed", "its process was killed")
    rows = table(runs_page())
    assert [row["run"] for row in rows] == [failed.id, done.id, waiting.id]
    row = {row["run"]: row for row in rows}
    assert row[done.id]["name"] == "mine"
    assert row[done.id]["test accuracy"] == done.state().summary["accuracy"]
    assert (row[waiting.id]["status"], row[waiting.id]["norm"]) == ("waiting", "BN")
    assert row[waiting.id]["lr"] == 0.2
    assert row[failed.id]["reason"] == "its process was killed"


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"config": {"norm": "vgg"}}', '{"config": {}, "created": "noon"}']
)
def test_a_damaged_run_is_listed_beside_the_others_and_can_be_selected(idle, config, content):
    damaged, sound = idle.create(config), idle.create(config)
    (damaged.path / "config.json").write_text(content)
    row = [line.id for line in RunIndex(idle).lines()].index(damaged.id)
    at = runs_page(row)
    assert {row["run"] for row in table(at)} == {damaged.id, sound.id}
    assert len(at.error) <= 1


def test_a_run_is_renamed(idle, config):
    run = idle.create(config, name="old")
    at = runs_page(0)
    drawn(at.text_input(key=f"rename.{run.id}").set_value("λ wide open").run())
    assert run.record()["name"] == "λ wide open"
    assert table(at)[0]["name"] == "λ wide open"


def test_the_files_of_a_run_are_offered_once_they_are_there(idle, config):
    def offered(at):
        return {button.label: not button.disabled for button in at.get("download_button")}

    idle.create(config)
    assert offered(runs_page(0)) == {
        "Configuration (JSON)": True, "Events (JSON lines)": True, "Weights (safetensors)": False,
    }  # fmt: skip
    list(execute(idle.list()[0]))
    assert offered(runs_page(0))["Weights (safetensors)"]


def test_what_is_selected_is_deleted_and_the_rest_stays(idle, config):
    kept, *_ = [idle.create(config), finished(idle, config), idle.create(config)]
    at = runs_page(0, 1)  # newest first
    drawn(labelled(at.button, "Delete for good").click().run())
    assert [run.id for run in idle.list()] == [kept.id]
    assert [row["run"] for row in table(at)] == [kept.id]


def test_runs_are_compared_in_the_playground(idle, config):
    runs = [finished(idle, replace(config, norm=norm)) for norm in ("gn", "ln")]
    at = runs_page(0, 1)
    drawn(labelled(at.button, "Open side by side").click().run())
    assert set(at.query_params["run"].split("~")) == {run.id for run in runs}
    assert set(standing(at)) == {("GN", "finished"), ("LN", "finished")}


def test_at_most_four_runs_are_compared(idle, config):
    for _ in range(5):
        idle.create(config)
    at = runs_page(*range(5))
    assert labelled(at.button, "Open side by side").disabled
    assert "Up to 4 runs fit side by side; 5 are selected." in text(at.caption)


def test_nothing_selected_offers_nothing(idle, config):
    idle.create(config)
    at = runs_page()
    assert labelled(at.button, "Open").disabled
    assert not at.text_input
