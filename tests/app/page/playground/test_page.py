"""The Playground under AppTest: its settings, links to runs, and faults.

AppTest draws a page once per run; live updates in a browser are tested elsewhere.
"""

import errno
import re
from dataclasses import replace

import pytest
import streamlit as st

from afn.settings.config import TrainConfig
from app.kit.comparison import PRESETS
from app.kit.markdown import lettered
from tests.app.one_view import drawn, html, run_fragment, text
from tests.app.playground import (
    CONFIG,
    QUICK_LINK,
    cards,
    finished,
    is_enabled,
    playground,
    press,
    readings,
    running,
    settings,
    standing,
    unfold,
)

# -- settings --------------------------------------------------------------------------------------


def test_the_first_visit_needs_no_data_and_makes_no_run(runs):
    at = playground(seed="0")
    assert standing(at) == [("AFN", "ready"), ("ASRNorm", "ready"), ("BN", "ready")]
    assert "Nothing runs yet" in text(at.caption)
    assert is_enabled(at, "Start")
    assert is_enabled(at, "Step")
    assert not any(is_enabled(at, label) for label in ("Pause", "Stop", "Reset"))
    assert at.selectbox(key="set.dataset").value == "mnist5k"
    assert len(at.warning) == len(at.error) == 0
    assert dict(at.query_params) == {"c": ["afn", "asrnorm", "bn"]}
    assert runs.list() == []


def test_a_preset_changes_settings_address_and_says_what_to_expect(runs):
    at = playground(**QUICK_LINK)
    for name, preset in PRESETS.items():
        drawn(unfold(at, "experiments").button(key=f"preset.{name}").click().run())
        assert settings(at) == preset.comparison
        assert at.number_input(key="set.batch_size").value == preset.comparison[0].batch_size
        assert len(cards(at)) == len(preset.comparison)
        told = text(unfold(at, "experiments").caption)
        assert lettered(preset.expectation).replace("\\", "") in told


def test_every_setting_of_a_contender_reaches_the_address(runs):
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
    assert at.query_params["c"] == "afn~ed_off~formula_reference~stats_running"
    at.toggle(key="set.0.adaptive").set_value(True)
    drawn(at.run())
    assert "~lambda_-1.5_-3_-5_-5_linear~" in at.query_params["c"]  # as it was set before


def test_settings_that_are_rarely_changed_reach_the_address_and_are_named_beside_it(runs):
    at = unfold(playground(c="afn"), "open.0", "more.0", "more.training")
    at.number_input(key="set.weight_decay").set_value(5e-4)
    at.selectbox(key="set.augment").select("crop_flip")
    at.slider(key="set.rsc").set_value(0.3)
    at.multiselect(key="set.corruptions").set_value([])
    at.multiselect(key="set.test_domains").set_value(["syn"])
    at.toggle(key="set.0.frozen_networks").set_value(True)
    drawn(at.run())
    assert at.query_params == {
        "wd": "0.0005", "aug": "crop_flip", "rsc": "0.3", "corruptions": "none", "domains": "syn",
        "c": "afn~frozen_on",
    }  # fmt: skip
    assert settings(at) == (
        TrainConfig(weight_decay=5e-4, augment="crop_flip", rsc=0.3, corruptions=(),
                    test_domains=("syn",), frozen_networks=True),
    )  # fmt: skip
    at.session_state["more.training"] = False
    drawn(at.run())
    words = "weight decay: 0.0005, augmentation: crop flip, self-challenging, share muted: 0.3"
    assert words in text(at.caption)


@pytest.mark.parametrize(("data", "is_offered"), [("mnist5k", False), ("syn", True)])
def test_a_network_for_colour_is_offered_where_the_images_are_in_colour(runs, data, is_offered):
    offered = playground(data=data).segmented_control(key="set.backbone").options
    assert ("efficientnet_lite0" in offered) == is_offered


def test_contenders_are_added_up_to_four_and_removed(runs):
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
def test_contradictory_settings_are_one_warning_and_nothing_can_start(runs, widths, clue):
    at = playground(**QUICK_LINK)
    drawn(at.text_input(key="set.widths").set_value(widths).run())
    [warning] = at.warning
    assert clue in warning.value
    assert not is_enabled(at, "Start")
    assert not is_enabled(at, "Step")
    drawn(at.text_input(key="set.widths").set_value("8").run())
    assert len(at.warning) == 0
    assert is_enabled(at, "Start")


def test_settings_that_are_rarely_meant_are_explained_but_can_start(runs):
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
def test_a_hand_edited_link_is_one_warning_on_a_page_that_works(runs, url):
    at = playground(**url)
    assert len(at.warning) == 1
    assert "\n" not in at.warning[0].value
    assert is_enabled(at, "Start")
    assert len(playground(**at.query_params).warning) == 0


def test_a_link_may_name_data_that_is_made_of_others(runs):
    at = playground(data="digits8@rgb", c=["bn"])
    assert not at.warning
    assert "digits8@rgb" in [box.value for box in at.selectbox]
    assert at.query_params["data"] == "digits8@rgb"
    assert is_enabled(at, "Start")
    assert len(playground(data="mnist@rgb").warning) == 1  # MNIST is not here


def test_a_network_that_begins_from_imagenet_is_offered_where_a_link_names_it(runs, monkeypatch):
    monkeypatch.setattr("afn.engine.ready.weights_file", lambda: None)
    at = playground(net="efficientnet_lite0", data="digits8@rgb", c=["bn"])
    assert not at.warning
    assert at.query_params["net"] == "efficientnet_lite0"
    assert is_enabled(at, "Start")
    grey = playground(net="efficientnet_lite0", data="digits8", c=["bn"])
    assert "take digits8@rgb" in grey.warning[0].value
    assert not is_enabled(grey, "Start")


@pytest.mark.parametrize("contender", ["afn~lambda_100_0_0_0", "afn~lambda_-inf_0_0_0"])
def test_a_start_of_lambda_beyond_its_control_does_not_break_the_page(runs, contender):
    unfold(playground(c=contender), "open.0")


def test_where_bn_has_its_statistics_from_is_said_beside_the_switch(runs):
    def told(at):
        return re.findall(r"<li aria-current=true><i class=.*?></i>(.*?)</li>", html(at))

    at = playground()
    assert told(at) == ["remembered from training"]
    at.toggle(key="twist").set_value(True)
    assert told(drawn(at.run())) == ["measured in the test batch"]


def test_a_new_seed_is_in_the_address_at_once(runs):
    at = press(playground(**QUICK_LINK), "New seed")
    assert int(at.query_params["seed"]) > 0


# -- links to runs, and faults ---------------------------------------------------------------------


def test_a_link_reattaches_in_another_browser(runs):
    made = [finished(runs, replace(CONFIG, norm=norm)) for norm in ("afn", "in")]
    link = {"run": "~".join(run.id for run in made)}
    first = playground(**link)
    second = playground(**first.query_params)
    for at in (first, second):
        assert standing(at) == [("AFN", "finished"), ("IN", "finished")]
        told = "AFN test batches of 128, the last of 104, IN per image"
        assert f"statistics at test time: {told}" in readings(at)
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
def test_a_link_says_how_to_look_at_the_runs(runs, asked, given):
    names = ("scale", "by", "layer")
    at = playground(run=finished(runs, CONFIG).id, **dict(zip(names, asked, strict=True)))
    shown = [at.segmented_control(key=f"view.{name}").value for name in names]
    assert tuple(shown) == given


def test_how_the_runs_are_looked_at_is_in_the_address_at_once(runs):
    at = playground(run=finished(runs, CONFIG).id)
    at.segmented_control(key="view.scale").set_value("logit")
    assert run_fragment(at, 1).query_params.get("scale") == "logit"


@pytest.mark.parametrize("run_id", ["../..", "20200101-000000-afn-abcdef", "~", "-", "x" * 500])
def test_a_link_to_nothing_is_at_most_one_warning(runs, run_id):
    at = playground(run=run_id)
    assert len(at.warning) == (0 if run_id in ("~", "-") else 1)
    assert "Nothing runs yet" in text(at.caption)
    assert is_enabled(at, "Start")
    assert dict(at.query_params) == {"c": ["afn", "asrnorm", "bn"]}


def test_a_run_deleted_while_on_screen_is_one_warning(runs):
    run = finished(runs, CONFIG)
    at = playground(run=run.id)
    run.delete()
    drawn(at.run())
    [warning] = at.warning
    assert "may have been deleted" in warning.value
    assert standing(at) == [("AFN", "ready")]


def test_a_failed_run_says_why_in_one_line(runs):
    run = runs.create(CONFIG)
    run.claim()
    run.end("failed", "its process was killed (signal 9)")
    at = playground(run=run.id)
    [error] = at.error
    assert error.value == "AFN failed: its process was killed (signal 9)."
    assert standing(at) == [("AFN", "failed")]


def test_a_damaged_recording_stays_readable(runs):
    run = finished(runs, CONFIG)
    lines = run.events_path.read_bytes().splitlines(keepends=True)
    lines[5:7] = [b'{"kind": "step", "step": 3}\n', b"\x00\xff\n", b"[]\n"]
    run.events_path.write_bytes(b"".join(lines) + b'{"kind": "st')
    at = playground(run=run.id)
    assert standing(at) == [("AFN", "finished")]
    assert "Test accuracy on 360 images" in readings(at)


def test_a_store_that_cannot_be_written_is_one_line(runs, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("AFN_RUNS_DIR", str(tmp_path / "file" / "runs"))
    at = press(playground(**QUICK_LINK), "Start")
    [warning] = at.warning
    assert warning.value.startswith("Nothing was started: cannot write a run below")
    assert {status for _, status in standing(at)} == {"ready"}


@pytest.mark.parametrize(
    "name",
    [*(f"transport.{n}" for n in ("Pause", "Stop", "Reset", "Step")), "change.lr", "test.now"],
)
def test_a_full_disk_is_one_line_whatever_is_pressed(runs, monkeypatch, name):
    run, events = running(runs, CONFIG)
    at = playground(run=run.id)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("afn.runs.store.append_line", full)
    if name == "change.lr":
        drawn(at.number_input(key=name).set_value(0.01).run())
    else:
        at.button(key=name).click()
        run_fragment(at, 1)
    [warning] = at.warning
    assert "No space left on device" in warning.value
    events.close()


def test_a_cluster_that_cannot_be_used_is_told_in_a_line(monkeypatch, tmp_path):
    monkeypatch.setenv("AFN_RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.setenv("AFN_CLUSTER", "tcp://nowhere")
    st.cache_resource.clear()
    at = playground(**QUICK_LINK)
    assert [error.value for error in at.error] == [
        "a cluster's address is tcp://host:port or tls://host:port, got 'tcp://nowhere'."
    ]


def test_a_data_folder_that_is_none_is_told_where_data_sets_are_chosen(runs, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("AFN_DATA_DIR", str(tmp_path / "file"))
    assert "Expected a folder of data sets, got the file" in text(playground().caption)
    (tmp_path / "Loose").mkdir()
    (tmp_path / "Loose" / "0.png").touch()
    monkeypatch.setenv("AFN_DATA_DIR", str(tmp_path))
    assert "Loose/: expected" in text(playground().caption)
