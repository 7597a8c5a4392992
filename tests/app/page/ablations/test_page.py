"""The Ablations page: its links, the sweep that it builds, its answers and readings, the page."""

from functools import partial

import pytest
import streamlit as st

from afn.engine.execution import execute
from afn.pretrained.ablations import ABLATIONS, CLEAN, CORRUPTED
from afn.pretrained.measured import Results as Measured
from afn.settings.lambda_init import LambdaInit
from afn.sweep.plan import plan
from afn.sweep.saved import read_saved
from afn.sweep.spec import read_spec
from app.kit import backend
from app.kit.results import SweepResults
from app.page.ablations.on_cifar10 import results_of
from app.page.ablations.ready_made import FOLDER, READY_MADE
from app.page.ablations.view import VARIED, AblationsView, values_of
from tests.app.one_view import html, opened, words
from tests.pretrained.accuracies import answer, write_results

pytestmark = pytest.mark.slow

page = partial(opened, "ablations")

# -- links and building ----------------------------------------------------------------------------


def test_what_is_set_is_the_sweep():
    view = AblationsView(
        axis_1="norm", values_1="bn, afn", axis_2="lambda_init", values_2="paper, −1, off",
        axis_3="stan_ratio", values_3="C/4, 8", epochs=1, seeds=2, tests="clean",
    )  # fmt: skip
    spec = view.spec()
    assert [axis.name for axis in spec.axes] == ["norm", "lambda_init", "stan_ratio"]
    assert [value.label for value in spec.axes[2].values] == ["4", "8"]
    assert (spec.seeds, spec.base.corruptions, spec.base.epochs) == ((0, 1), (), 1)
    starts = {run.config.lambda_init for run in plan(spec).runs if run.config.norm == "afn"}
    assert LambdaInit(mu=-1.0, sigma=-1.0, gamma=-1.0, beta=-1.0) in starts
    assert LambdaInit.OFF in starts


@pytest.mark.parametrize("name", VARIED)
def test_every_axis_begins_with_values_that_make_a_sweep(name):
    view = AblationsView(axis_1=name, values_1=VARIED[name].varied, axis_2="")
    assert len(plan(view.spec()).runs) >= 2


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("lr", "", "learning rate: give one or more values, such as 0.01, 0.05, 0.2"),
        ("batch_size", "4; 8", "batch size takes whole numbers .* got '4; 8'"),
        ("norm", "vgg", "norm is one of afn, .* not 'vgg'"),
        ("lambda_init", "wide", "start of λ takes numbers"),
    ],
)
def test_values_that_are_none_are_one_line(name, text, words):
    with pytest.raises(ValueError, match=words):
        values_of(name, text)


def test_an_axis_is_taken_once():
    with pytest.raises(ValueError, match="norm varies twice"):
        AblationsView(axis_2="norm", values_2="afn").spec()


# -- on CIFAR-10 -----------------------------------------------------------------------------------

BATCH = ABLATIONS["cifar10-batch-size"]


def of_batches(num_seeds=3):
    """AFN at 60 to 63 %, BN at 50 on running averages and 59 on the test batch; clean 20 more."""
    levels = {"bn, running averages": 50.0, "bn, test batch": 59.0, "afn": 60.0}
    return [
        answer(ask, way, seed, levels[part] + seed * (part == "afn") + 20 * (ask == CLEAN))
        for point, way in BATCH.arms.items()
        for part, size in [[label for _, label in point]]
        if part in levels and size in ("2", "128")
        for seed in range(num_seeds)
        for ask in (CLEAN, *CORRUPTED)
    ]


def test_the_models_table_is_a_sweeps_results():
    results = results_of(BATCH, Measured(of_batches()))
    parts = ["bn, running averages", "bn, test batch", "afn"]
    assert results.axes == {"part": parts, "batch size": ["2", "128"]}
    afn, bn = ({"part": part, "batch size": "2"} for part in ("afn", "bn, test batch"))
    assert dict(results.at("corrupted", afn).values) == pytest.approx({0: 60, 1: 61, 2: 62})
    assert dict(results.at("clean", bn).values) == pytest.approx({0: 79, 1: 79, 2: 79})
    assert results.gain("fog", afn, bn).mean == pytest.approx(2)
    assert {"step_ms", "train_seconds", "seconds"}.isdisjoint(results.metrics)
    assert {run.config.batch_size for run in results.runs} == {2, 128}
    assert results.older == ""


def test_one_arm_alone_is_nothing_to_compare():
    afn = [row for row in of_batches() if row["model"].startswith("cifar10-batch2-afn")]
    assert results_of(BATCH, Measured(afn)) is None
    assert results_of(BATCH, Measured([])) is None


def test_ablations_on_cifar10_are_there_once_their_models_are(store, tmp_path, monkeypatch):
    st.cache_resource.clear()
    monkeypatch.setenv("AFN_PRETRAINED_DIR", str(tmp_path))
    write_results(tmp_path, of_batches())
    at = page(sweep="cifar10-batch-size")
    shown = [title for title in at.pills(key="ablations.sweep").options if "CIFAR-10" in title]
    assert shown == ["CIFAR-10: which part of AFN", "CIFAR-10: batch size"]  # they share arms
    assert "trained on 25,000 of 50,000 images" in words(at)
    assert "+2.0 (" in html(at)  # too few images for a narrow interval, but three seeds
    assert "pretrained train" in html(at)
    assert "Highest accuracy under corruption: 61.0 ± 2.5 % with afn" in words(at)
    assert "Click a point" not in words(at)  # there is no run to open
    write_results(tmp_path, [])
    at = page(sweep="cifar10-batch-size")
    assert "no such sweep was begun here" in words(at)
    assert not [t for t in at.pills(key="ablations.sweep").options if "CIFAR-10" in t]
    st.cache_resource.clear()


# -- the page --------------------------------------------------------------------------------------


class AtOnce:
    """Executes what it is given while it is given it."""

    def start(self):
        pass

    def submit_behind(self, runs):
        for run in runs:
            for _ in execute(run):
                pass


@pytest.fixture
def store(runs, monkeypatch):
    """The app's run store; what is submitted is executed at once."""
    monkeypatch.setattr(backend, "runner", lambda: AtOnce())
    return runs


def test_the_answer_is_shown_once_the_visitor_has_guessed(store):
    at = page(sweep="parts")
    assert "What do you expect?" in words(at)
    assert "paired by seed" not in words(at)
    at.button(key="ablations.guess.2").click().run()
    assert not at.exception
    assert "What do you expect?" not in words(at)
    told = READY_MADE["parts"].answer(page_results("parts"))[1]
    assert told.split(":")[0] in words(at)
    assert "**Precomputed**" in words(at)
    assert at.query_params["guess"] == "2"


def page_results(name):
    planned = plan(read_spec(FOLDER / f"{name}.toml"))
    saved = read_saved(FOLDER / f"{name}.jsonl")
    return SweepResults(runs=planned.runs, lines=saved.lines, provenance="")


@pytest.mark.parametrize("name", READY_MADE)
def test_every_ready_made_one_shows_its_results(store, name):
    at = page(sweep=name, guess="?")
    assert "**Precomputed**" in words(at)
    assert "30 runs" in words(at) or "runs: " in words(at)
    other = next(name for name in READY_MADE if name != "parts")
    at.pills(key="ablations.sweep").set_value(other).run()
    assert not at.exception


def test_a_sweep_is_built_run_and_looked_at(store):
    at = page(
        sweep="new", data="digits8", epochs="1", vary1="norm", values1="bn, afn", vary2="",
        values2="", seeds="2", tests="clean",
    )  # fmt: skip
    assert "4 runs: 2 settings × 2 seeds" in words(at)
    at.button(key="ablations.begin").click().run()
    assert not at.exception
    assert len(store.list()) == 4
    assert "4 of 4 runs have their result" in words(at)
    assert "Highest accuracy on clean images" in words(at)
    [sweep] = backend.sweeps().list()
    assert at.query_params["sweep"] == sweep.id
    again = page(sweep=sweep.id)
    assert "4 of 4 runs have their result" in words(again)


def test_a_sweep_is_taken_off_the_list_and_its_runs_stay(store):
    asked = {
        "data": "digits8", "epochs": "1", "vary1": "norm", "values1": "bn, afn", "vary2": "",
        "values2": "", "seeds": "1", "tests": "clean",
    }  # fmt: skip
    at = page(sweep="new", **asked)
    at.button(key="ablations.begin").click().run()
    at.button(key="ablations.forget").click().run()
    assert not at.exception
    assert at.pills(key="ablations.sweep").value == AblationsView().sweep
    assert backend.sweeps().list() == []
    assert len(store.list()) == 2
    at = page(sweep="new", **asked)
    assert "2 have their result" in words(at)


@pytest.mark.parametrize(
    ("url", "clue"),
    [
        ({"values1": "bn, vgg"}, "Norm is one of afn"),
        ({"values2": "4, 9000"}, "Batch_size must be a whole number from 1 to 512, got 9000"),
        ({"vary2": "norm", "values2": "afn"}, "Norm varies twice"),
        ({"values2": ""}, "Batch size: give one or more values"),
        ({"vary1": "lr", "values1": ", ".join(f"0.{k:03}" for k in range(1, 200))}, "limit is 500"),
    ],
)
def test_what_cannot_be_run_is_one_line_and_no_button(store, url, clue):
    at = page(sweep="new", data="digits8", **url)
    [warning] = at.warning
    assert clue in warning.value.replace("\\", "")
    assert not [button for button in at.button if button.key == "ablations.begin"]


def test_what_contradicts_itself_is_told_before_the_start(store):
    at = page(sweep="new", data="digits8", vary2="lambda_init", values2="paper, open")
    [left_out] = [each for each in at.expander if "left out" in each.label]
    assert "1 combination" in left_out.label
    assert "BN has no λ" in left_out.markdown[0].value


def test_a_link_to_a_sweep_that_is_not_here_says_so(store):
    at = page(sweep="0123456789")
    assert "no such sweep was begun here" in words(at)


def test_a_ready_made_one_is_drawn_its_own_way_until_the_visitor_chooses(store):
    at = page(sweep="widths", guess="?")
    assert at.query_params["as"] == "map"
    at.segmented_control(key="ablations.figure").set_value("lines").run()
    assert at.query_params["as"] == "lines"


def test_sweeps_are_told_apart_by_their_titles(store):
    for epochs in (1, 2):
        spec = AblationsView(
            dataset="digits8", epochs=epochs, axis_2="", seeds=1, tests="clean"
        ).spec()  # fmt: skip
        backend.sweeps().keep(spec)
    at = page()
    titles = at.pills(key="ablations.sweep").options
    mine = [title for title in titles if title.startswith("norm, 2 runs")]
    assert len(set(mine)) == len(mine) == 2
    assert len(set(titles)) == len(titles)


def test_those_whose_networks_are_nearly_always_right_say_so(store):
    assert "mnist5k is at a ceiling: half of these runs reach 96.9 %" in words(
        page(sweep="parts", guess="?")
    )
    assert "at a ceiling" not in words(page(sweep="stability", guess="?"))
