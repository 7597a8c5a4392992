"""The λ dynamics page under AppTest."""

import shutil
from dataclasses import replace
from functools import partial

import pytest
from streamlit.testing.v1 import AppTest

from afn.ask.evaluation import EvaluationStore
from afn.ask.execution import carry_out
from afn.ask.map_task import task_of
from afn.ask.network import Network
from afn.engine.execution import execute
from afn.pretrained.cards import pretrained_dir, pretrained_names, read_card
from afn.runs.store import RunStore
from afn.settings.config import TrainConfig
from tests.app.one_view import charts, drawn, opened, words
from tests.waiting import PATIENCE

QUICK = TrainConfig(
    dataset="digits8", widths=(4, 8), epochs=1, evals_per_epoch=0, eval_images=20, corruptions=()
)
page = partial(opened, "dynamics")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with AFN in two seeds, and BN."""
    store = RunStore(tmp_path_factory.mktemp("trained") / "runs")
    for norm, seed in (("bn", 0), ("afn", 0), ("afn", 1)):
        list(execute(store.create(replace(QUICK, norm=norm, seed=seed))))
    return store.root


@pytest.fixture
def ids(runs, trained):
    """Norm and seed -> run id."""
    shutil.copytree(trained, runs.root)
    return {(run.config().norm, run.config().seed): run.id for run in runs.list()}


def test_without_runs_the_pretrained_models_are_there(runs):
    at = page()
    assert set(at.multiselect(key="dynamics.runs").value) <= set(pretrained_names())
    assert len(charts(at)) == 4 + 2
    assert "The networks' matrices, cosine to their start and norm" in words(at)
    assert "Precomputed" in words(at)
    assert "pretrained: not every step, and four digits" in words(at)
    assert not at.warning
    at.segmented_control(key="dynamics.quantity").set_value("gradient")
    drawn(at.run())
    assert "the gradient on λ" in words(at)
    assert at.query_params["show"] == "gradient"


def test_seeds_come_together_and_the_link_reproduces_the_view(ids):
    both = [ids["afn", 0], ids["afn", 1]]
    at = page(runs="~".join(both), show="change", by="layer", of="sigma")
    assert "AFN (2 seeds)" in words(at)
    assert len(charts(at)) == 2
    assert at.query_params == {
        "runs": "~".join(both), "show": "change", "by": "layer", "of": "sigma"
    }  # fmt: skip
    at.segmented_control(key="dynamics.seeds").set_value("lines")
    drawn(at.run())
    assert "a line each" in words(at)
    at.segmented_control(key="dynamics.by").set_value("λ")
    at.segmented_control(key="dynamics.quantity").set_value("move")
    drawn(at.run())
    assert len(charts(at)) == 1  # sigma's
    assert "makes the spread" in words(at)


def test_batch_norm_has_no_lambda_and_is_told_so_kindly(ids):
    at = page(runs=ids["bn", 0])
    assert "BN has no λ" in words(at)
    assert charts(at) == []
    at = page(runs=f"{ids['bn', 0]}~{ids['afn', 0]}")
    assert "BN has no λ" in words(at)
    assert len(charts(at)) == 4


def test_what_a_link_cannot_have_is_one_line_each(ids):
    at = page(runs=f"gone~../etc~{ids['afn', 0]}", show="loss")
    assert len(at.warning) == 3
    assert len(charts(at)) == 4
    at = page(runs="gone")
    assert len(at.warning) == 1
    assert "Choose a run" in words(at)


def test_choices_can_be_cleared_and_outlive_another_page(ids):
    at = page()
    assert at.multiselect(key="dynamics.runs").value[0] in ids.values()
    at.segmented_control(key="dynamics.axis").set_value("log")
    drawn(at.run())
    at.session_state["away"] = True
    drawn(at.run())
    at.session_state["away"] = False
    drawn(at.run())
    assert at.segmented_control(key="dynamics.axis").value == "log"
    at.multiselect(key="dynamics.runs").set_value([])
    drawn(at.run())
    assert "Choose a run" in words(at)


def test_networks_of_a_run_are_measured_once_it_has_ended(ids, runs):
    at = page(runs=ids["afn", 0])
    assert len(charts(at)) == 4
    carry_out(at.session_state["Started.dynamics.movement"].evaluation)
    drawn(at.run())
    assert len(charts(at)) == 4 + 2
    assert "The networks' matrices still point where they started" in words(at)
    assert "without weight decay" in words(at)
    assert "The networks' answers change by at most" in words(at)
    assert words(at).count("Cached · digits8 · convnet") == 2
    at.session_state["take.dynamics.movement"] = True
    drawn(at.run())
    assert f"python -m afn movement {ids['afn', 0]}" in "\n".join(code.value for code in at.code)
    (runs.open(ids["afn", 0]).path / "end.json").unlink()  # as if it trained
    assert "measured once they have ended" in words(page(runs=ids["afn", 0]))


def test_nothing_at_all_shows_the_way(runs, monkeypatch, tmp_path):
    monkeypatch.setenv("AFN_PRETRAINED_DIR", str(tmp_path / "none"))
    assert "Nothing to look at yet" in words(page())


def test_a_run_that_trains_is_live(ids, runs):
    run = runs.open(ids["afn", 0])
    (run.path / "end.json").unlink()  # it was claimed by this process, which is alive
    at = page(runs=run.id)
    assert "Live · digits8" in words(at)
    run.end("finished")
    assert "Cached · digits8" in words(drawn(at.run()))


def test_a_damaged_model_is_a_line_and_a_card_tells_what_it_is(runs, monkeypatch, tmp_path):
    folder = tmp_path / "cards"
    shutil.copytree(pretrained_dir(), folder, ignore=shutil.ignore_patterns("*cifar*"))
    monkeypatch.setenv("AFN_PRETRAINED_DIR", str(folder))
    (folder / "mnist5k-afn.events.jsonl.gz").write_bytes(b"")
    at = page(runs="mnist5k-afn~mnist5k-asrnorm")
    [line] = at.warning
    assert "is damaged" in line.value
    assert len(charts(at)) == 4 + 2


def test_cards_and_configurations_are_one_tap_away(ids):
    at = page(runs=f"{ids['afn', 0]}~mnist5k-afn")
    assert not at.code
    for key in ("dynamics.card.mnist5k-afn", "take.dynamics"):
        at.session_state[key] = True
    drawn(at.run())
    assert len(at.dataframe) == 2
    assert [code.value.count("TrainConfig(") for code in at.code] == [1, 1, 0, 0]
    assert "configurations.json" in [each.label for each in at.get("download_button")]


def test_the_card_says_it_all():
    def card_app():
        from afn.pretrained.cards import read_card
        from app.kit.card_view import card_details

        card_details(read_card("mnist5k-afn"))

    at = drawn(AppTest.from_function(card_app, default_timeout=PATIENCE).run())
    card = read_card("mnist5k-afn")
    text = words(at)
    for fact in ("convnet", "209,405 parameters", "seed] 0", "1,860 steps", "torch 2."):
        assert fact in text
    data, accuracies = at.dataframe
    assert card.trained_on.sha256 in data.value["SHA-256"].tolist()
    assert len(accuracies.value) == len(card.accuracies)
    assert accuracies.value["corruption"].iloc[0] == "clean"
    assert 'norm="afn"' in at.code[0].value.replace("'", '"')


def test_a_map_is_offered_of_networks_with_lambda(ids):
    both = "~".join(ids[each] for each in (("bn", 0), ("afn", 0), ("afn", 1)))
    at = page(runs=both)
    assert at.selectbox(key="dynamics.map").options == ["AFN (seed 0)", "AFN (seed 1)"]
    assert "map" not in at.query_params  # of the first
    at = page(runs=both, map=ids["afn", 1])
    assert at.query_params["map"] == ids["afn", 1]
    assert "saturate" not in at.selectbox(key="dynamics.corruption").options  # grey digits
    assert "λ as a map" not in [header.value for header in page(runs=ids["bn", 0]).header]


@pytest.mark.parametrize(
    "bad", ["point=2~0", "point=a", "point=nan~0", "severity=6", "corruption=rain"]
)
def test_what_a_map_cannot_be_of_is_one_line(ids, bad):
    name, value = bad.split("=")
    [line] = [each.value for each in page(runs=ids["afn", 0], **{name: value}).warning]
    assert line.startswith(f"In the link, {name}=")
    assert "\n" not in line


def test_a_kept_map_is_there_at_once(ids, monkeypatch):
    run = RunStore().open(ids["afn", 0])
    monkeypatch.setattr("app.page.dynamics.landscape.NUM_IMAGES", 20)
    task = task_of(Network.of_run(run), corruption="fog", severity=5, num_images=20)
    carry_out(EvaluationStore.beside(RunStore()).create([task]))
    at = page(runs=run.id, corruption="fog")
    assert "20 test images, generated" in words(at)
    at = page(runs=run.id, map=run.id, corruption="frost")
    assert "20 test images, generated" not in words(at)
