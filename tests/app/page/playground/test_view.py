"""What a visit holds: settings from a link into widgets and back, and the runs on screen.

The scripts draw no widgets: session keys stand in for what a visitor would have chosen.
"""

from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from afn.runs.recorded import Recorded
from afn.runs.store import RunStore
from afn.settings.config import TrainConfig
from afn.settings.lambda_init import LambdaInit
from app.kit.comparison import (
    PRESETS,
    default_comparison,
    opening_comparison,
    share,
    to_url,
)
from tests.app.one_view import travelled
from tests.waiting import PATIENCE


def visit_script():
    import streamlit as st

    from app.page.playground import view as state

    state.begin()
    if act := st.session_state.pop("act", None):
        act(state)
    comparison, errors = state.take()
    state.write_url(comparison)
    st.session_state["seen"] = comparison, errors, state.slots(comparison), state.session().problems


class Visit:
    """A visitor's session: opens a link, sets widgets, and tells what there is then."""

    def __init__(self, **url):
        self.at = AppTest.from_function(visit_script, default_timeout=PATIENCE)
        self.at.query_params.update(url)
        self.look()

    def look(self, act=None):
        if act is not None:
            self.at.session_state["act"] = act
        self.at.run()
        return self.told()

    def told(self):
        assert not self.at.exception
        self.comparison, self.errors, self.slots, self.problems = self.at.session_state["seen"]
        self.url = dict(self.at.query_params)
        return self

    def set(self, **widgets):
        for name, value in widgets.items():
            self.at.session_state[f"set.{name.replace('__', '.')}"] = value
        return self.look()


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("AFN_RUNS_DIR", str(tmp_path / "runs"))
    st.cache_resource.clear()
    yield RunStore()
    st.cache_resource.clear()


# -- links and widgets -----------------------------------------------------------------------------


PLAIN = {"c": ["afn", "asrnorm", "bn"]}
"""The address of the defaults: a bare one opens something else."""


def test_a_bare_address_opens_the_opening_comparison_and_says_so():
    visit = Visit()
    assert visit.comparison == opening_comparison()
    assert (visit.errors, visit.problems) == ([], [])
    assert visit.url == to_url(opening_comparison())
    assert Visit(**visit.url).comparison == opening_comparison()


def test_the_defaults_have_an_address_that_outlasts_a_refresh():
    visit = Visit(**PLAIN)
    assert (visit.comparison, visit.url) == (default_comparison(), PLAIN)


@pytest.mark.parametrize("url", [{"seed": "0"}, {"scale": "logit"}, {"step": "7"}, {"run": "-"}])
def test_a_link_that_leaves_things_out_means_what_it_always_meant(url):
    assert Visit(**url).comparison == default_comparison()


def recorded(*configs):
    """What was recorded, in place of what the app comes with."""
    known = {config: Recorded(f"demo.{config.norm}", Path("nowhere")) for config in configs}
    return known.get


def test_what_was_recorded_is_shown_until_something_is_started(store, quick, monkeypatch):
    afn, _, bn = opening_comparison()
    twisted = replace(bn, eval_stats="batch")
    monkeypatch.setattr("app.page.playground.view.demo_of", recorded(afn, bn, twisted))
    visit = Visit()
    assert [slot.demo and slot.demo.id for slot in visit.slots] == ["demo.afn", None, "demo.bn"]
    visit.at.session_state["twist"] = True
    visit.look(lambda state: state.twist())
    assert visit.comparison[2] == twisted
    assert visit.slots[2].demo is not None
    assert visit.url["c"][2] == "bn~stats_batch"
    visit.look(lambda state: state.attach(1, store.create(quick)))
    assert [slot.demo for slot in visit.slots] == [None] * 3


@pytest.mark.parametrize("name", PRESETS)
def test_a_link_fills_the_widgets_and_is_written_back_unchanged(name):
    wanted = share(PRESETS[name].comparison, dataset="digits8", lr=0.02, widths=(4, 8), seed=3)
    visit = Visit(**to_url(wanted))
    assert visit.comparison == wanted
    assert visit.problems == []
    again = Visit(**visit.url)
    assert (again.comparison, again.url) == (wanted, visit.url)


@pytest.mark.parametrize(
    "init",
    [
        LambdaInit(mu=-1.25, sigma=2.0, gamma=0.5, beta=-4.0),
        LambdaInit(mu=-1.25, gamma=-0.5, beta=1.5, rescale_gate="linear"),
        LambdaInit(mu=float("-inf")),
        LambdaInit(mu=0.123456789),
    ],
    ids=["logits", "linear gate", "one frozen", "many digits"],
)
def test_a_custom_start_of_lambda_survives_the_widgets_and_the_address(init):
    wanted = (TrainConfig(norm="afn", lambda_init=init),)
    visit = Visit(**to_url(wanted))
    assert visit.comparison == wanted
    assert Visit(**visit.url).comparison == wanted


def test_what_a_widget_says_is_in_the_address_and_its_default_is_not():
    visit = Visit(**PLAIN).set(lr=0.1, widths="8, 16", backbone="convnet")
    assert visit.comparison == share(default_comparison(), lr=0.1, widths=(8, 16))
    assert visit.url == {"lr": "0.1", "widths": "8-16"}
    assert visit.set(lr=0.05, widths="16, 32").url == PLAIN


def test_what_cannot_be_had_from_the_link_is_told_until_it_is_cleared():
    visit = Visit(lr="abc", c=["afn", "bogus"])
    assert [line.split(":")[0] for line in visit.problems] == [
        "In the link, lr=abc",
        "In the link, c=bogus",
    ]
    assert visit.url == {"c": "afn"}
    assert len(visit.look().problems) == 2
    visit.look(lambda state: state.clear_problems())
    assert visit.look().problems == []


@pytest.mark.parametrize(
    ("widths", "clue"),
    [("0", "widths must be"), ("a", "whole numbers with commas"), ("", "commas")],
)
def test_a_contradiction_is_one_line_and_the_last_sound_settings_stay(widths, clue):
    visit = Visit(lr="0.1").set(widths=widths)
    [line] = visit.errors
    assert clue in line
    assert visit.comparison == share(default_comparison(), lr=0.1)
    assert visit.set(widths="8").comparison == share(default_comparison(), lr=0.1, widths=(8,))


def test_options_that_a_norm_does_not_heed_do_not_reach_its_configuration():
    visit = Visit(c="afn~stan_4~dropout_0.5~stats_running").set(**{"0__norm": "in"})
    assert visit.comparison == (TrainConfig(norm="in"),)
    assert visit.set(**{"0__norm": "bn"}).comparison == (
        TrainConfig(norm="bn", eval_stats="running"),
    )
    adaptive = TrainConfig(norm="afn", stan_width=4, stat_dropout=0.5, eval_stats="running")
    assert visit.set(**{"0__norm": "afn"}).comparison == (adaptive,)
    assert visit.set(**{"0__adaptive": False}).comparison == (
        TrainConfig(norm="afn", adaptive=False, eval_stats="running"),
    )


def test_contenders_are_added_with_plain_options_and_removed():
    visit = Visit(c="bn~stats_batch", lr="0.1").look(lambda state: state.add_contender())
    added = TrainConfig(norm="afn", lr=0.1)
    assert visit.comparison == (TrainConfig(norm="bn", eval_stats="batch", lr=0.1), added)
    visit.look(lambda state: state.remove_contender(0))
    assert visit.comparison == (added,)


def test_a_new_seed_is_another_one_for_all():
    visit = Visit(**PLAIN).look(lambda state: state.new_seed())
    [seed] = {config.seed for config in visit.comparison}
    assert seed != 0
    assert visit.url == {"seed": str(seed)}


def test_settings_outlive_a_visit_to_another_page():
    visit = Visit(**PLAIN).set(lr=0.1)
    for name in [n for n in visit.at.session_state if n.startswith("set.")]:
        del visit.at.session_state[name]  # as Streamlit forgets the widgets of the other page
    assert visit.look().comparison == share(default_comparison(), lr=0.1)


def test_how_the_runs_are_looked_at_is_in_the_address():
    visit = Visit(scale="logit")
    assert visit.url == {"scale": "logit"}
    visit.at.session_state["view.by"] = "layer"
    visit.at.session_state["view.span"] = "zoom"
    assert visit.look().url == {"scale": "logit", "by": "layer", "span": "zoom"}
    for name in ("scale", "by", "span", "layer"):
        del visit.at.session_state[f"view.{name}"]  # the widgets of a page that was left
    assert visit.look().url == {"scale": "logit", "by": "layer", "span": "zoom"}


# -- runs ------------------------------------------------------------------------------------------


def test_a_link_that_names_runs_takes_the_settings_from_them(store, quick):
    runs = [store.create(replace(quick, norm=norm, lr=0.2)) for norm in ("gn", "ln")]
    visit = Visit(run="~".join(run.id for run in runs))
    assert visit.problems == []
    assert [config.norm for config in visit.comparison] == ["gn", "ln"]
    assert {config.lr for config in visit.comparison} == {0.2}
    assert [slot.run.id for slot in visit.slots] == [run.id for run in runs]
    assert [slot.config for slot in visit.slots] == [run.config() for run in runs]
    assert visit.url["run"] == f"{runs[0].id}~{runs[1].id}"


def test_attached_runs_are_in_the_address_with_a_mark_for_those_not_started(store, quick):
    run = store.create(replace(quick, norm="asrnorm"))
    visit = Visit(**PLAIN).look(lambda state: state.attach(1, run))
    assert visit.look().url == {"run": f"-~{run.id}"}
    again = Visit(**visit.url)
    assert [slot.run and slot.run.id for slot in again.slots][:2] == [None, run.id]
    visit.look(lambda state: state.attach(1, None))
    assert visit.look().url == PLAIN


@pytest.mark.parametrize("run_id", ["../..", "/etc/passwd", "gone", "é" * 100])
def test_a_link_to_no_run_is_one_line(store, run_id):
    visit = Visit(run=run_id)
    [line] = visit.problems
    assert line.startswith("In the link, run: ")
    assert len(line) < 200
    assert [slot.run for slot in visit.slots] == [None] * 3
    assert visit.url == PLAIN


def test_a_missing_run_of_a_link_leaves_the_others_in_their_places(store, quick):
    runs = [store.create(replace(quick, norm=norm)) for norm in ("afn", "asrnorm", "bn")]
    runs[0].delete()
    visit = Visit(data="digits8", run="~".join(run.id for run in runs))
    assert len(visit.problems) == 1
    assert [slot.config.norm for slot in visit.slots] == ["afn", "asrnorm", "bn"]
    assert [slot.run and slot.run.id for slot in visit.slots] == [None, runs[1].id, runs[2].id]


def test_a_run_that_is_deleted_while_on_screen_becomes_ready_again(store, quick):
    run = store.create(quick)
    visit = Visit(c="afn").look(lambda state: state.attach(0, run))
    run.delete()
    [slot] = visit.look().slots
    assert slot.run is None
    [line] = visit.problems
    assert "may have been deleted" in line
    assert "run" not in visit.look().url


def test_back_and_forward_are_adopted_and_nothing_else_is(store, quick):
    first, second = (store.create(replace(quick, norm=norm)) for norm in ("gn", "ln"))
    visit = Visit(run=first.id, scale="logit")
    visit.at.query_params = {"lr": "0.3", "run": second.id}  # as a browser says that lags behind
    assert [slot.run.id for slot in visit.look().slots] == [first.id]
    assert (visit.url["run"], visit.url["scale"]) == (first.id, "logit")
    travelled(visit.at, run=second.id, by="layer")
    assert [slot.run.id for slot in visit.told().slots] == [second.id]
    assert [config.norm for config in visit.comparison] == ["ln"]
    assert (visit.url["run"], visit.url["by"]) == (second.id, "layer")
    assert "scale" not in visit.url
    travelled(visit.at, **PLAIN)
    assert [slot.run for slot in visit.told().slots] == [None] * 3
    assert (visit.comparison, visit.url) == (default_comparison(), PLAIN)
