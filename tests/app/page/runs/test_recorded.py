"""Runs that were recorded in a loop of somebody's own: where they are shown, and where not."""

from dataclasses import replace

import pandas as pd
import pytest
import torch
from streamlit.testing.v1 import AppTest

from afn import record
from afn.engine.execution import execute
from afn.jsonl import read_lines
from app.kit import backend, networks
from app.kit.draw import recorded as charts
from app.page.runs import handed_out
from tests.app.one_view import drawn, opened, words
from tests.recording.loops import learn, recorded, small

pytestmark = pytest.mark.slow


def told(at: AppTest) -> str:
    """All that is to be read, headings too."""
    return "\n".join([*(each.value for each in at.header), words(at)])


def pressed(at: AppTest, key: str) -> AppTest:
    return drawn(at.button(key=key).click().run())


@pytest.fixture
def mixed(runs, quick):
    """One trained run and one of each kind of recording."""
    trained = runs.create(quick)
    list(execute(trained))
    return trained, recorded(runs, name="plain"), recorded(runs, name="with λ", norm="afn")


def test_the_list_says_their_kind_and_finds_them_by_it(mixed):
    trained, plain, _ = mixed
    at = opened("runs")
    rows = {row["run"]: row for row in at.dataframe[0].value.to_dict("records")}
    assert rows[trained.id]["kind"] == "trained"
    assert rows[plain.id]["kind"] == "recorded here"
    assert rows[plain.id]["norm"] == "BatchNorm2d"
    assert rows[plain.id]["test accuracy"] is not None
    assert pd.isna(rows[plain.id]["data"])
    at.text_input(key="runs.search").set_value("recorded")
    drawn(at.run())
    assert len(at.dataframe[0].value) == 2


def test_one_that_is_opened_shows_its_curves_and_nothing_that_needs_a_configuration(mixed):
    _, plain, with_lambda = mixed
    at = opened("runs", run=plain.id)
    read = told(at)
    assert "Loss and accuracy" in read
    assert "Batch against running statistics" in read
    assert "recorded here: Sequential" in read
    assert "furthest from the running one" in read
    assert "Fork: another future" not in read
    assert not [each for each in at.button if each.key == "recorded.pause"]  # it has ended
    assert [each.label for each in at.button if "Open in" in each.label] == ["Open in γ/β"]
    at = opened("runs", run=with_lambda.id)
    assert "Open in λ dynamics" in [each.label for each in at.button]


def test_what_is_drawn_is_what_was_told(runs):
    run = recorded(runs)
    history = backend.history(run.id)
    panels = {panel.title: panel for panel in charts.learning_panels(history)}
    assert list(panels) == ["Training loss", "Test accuracy", "margin"]
    assert panels["Training loss"].lines[0].values.tolist() == history.columns["loss"].tolist()
    assert [line.name for line in panels["Test accuracy"].lines] == ["clean", "contrast 5"]
    [norm] = charts.gradient_panels(history)  # the rate never changes
    assert norm.lines[0].steps.tolist() == [1, 5, 9]
    rows = charts.recorded_table(history)
    assert len(rows) == 12
    assert rows[-1]["margin"] == 0.25
    assert rows[0]["margin"] is None
    drift = charts.drift_table(history)
    assert {row["layer"] for row in drift} == {"1", "4"}
    last = history.snapshots[-1]["layers"][1]["drift"]
    assert [row["mean"] for row in drift if row["layer"] == "4"][-1] == last[0]
    parts = str(handed_out.parts_of(run.id))
    assert "recorded here" in parts
    assert "Gradient" in parts


def test_a_trained_run_and_a_recorded_one_are_compared_by_their_courses(mixed):
    trained, plain, with_lambda = mixed
    at = opened("runs", run=f"{plain.id}~{trained.id}")
    assert "Two runs compared" in told(at)
    assert "Settings that differ" not in told(at)
    assert "over the last 20 readings" in told(at)
    at = opened("runs", run=f"{plain.id}~{with_lambda.id}")
    assert "part at step 1" in told(at)


def test_the_page_sends_what_a_loop_that_asks_takes(runs):
    model = small("afn")
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with record(model, "live", optimizer=optimizer, store=runs) as run:
        learn(run, model, optimizer, 3)
        run._journal.flush()
        at = opened("runs", run=run.run.id)
        assert not [each for each in at.button if each.key == "recorded.pause"]  # it never asked
        run.control()
        at = opened("runs", run=run.run.id)
        pressed(at, "recorded.lr.÷10")
        pressed(at, "recorded.set")
        control = run.control()
        assert control.lr == pytest.approx(0.01)
        assert control.lambdas == {"mu": 0.0}
        assert optimizer.param_groups[0]["lr"] == pytest.approx(0.01)
        pressed(at, "recorded.pause")
        pressed(at, "recorded.stop")
        sent = [each["command"] for each in read_lines(run.run.control_path)[0]]
        assert sent == ["set", "set", "pause", "stop"]
        assert run.control().stop


def test_lambda_dynamics_and_rescaling_take_them_first_where_they_are_newest(mixed):
    *_, with_lambda = mixed
    at = opened("dynamics")
    assert at.multiselect(key="dynamics.runs").value == [with_lambda.id]
    assert "with λ" in told(at)
    assert "recorded here" in told(at)
    at = opened("rescaling")
    assert at.selectbox(key="rescaling.run").value == with_lambda.id
    assert "Channel by channel at step 9" in told(at)
    assert "How γ̂ and β̂ differ" not in told(at)


def test_trained_and_recorded_stand_beside_each_other(mixed):
    trained, plain, with_lambda = mixed
    at = opened("dynamics", runs=f"{with_lambda.id}~{trained.id}~{plain.id}")
    assert "plain has no λ" in told(at)
    at = opened("rescaling", run=trained.id, beside=f"{plain.id}~{with_lambda.id}")
    assert "Standard deviation over the channels" in told(at)


@pytest.mark.parametrize(
    ("page", "parameter"),
    [("playground", "run"), ("robustness", "models"), ("inside", "model"), ("domains", "models")],
)
def test_pages_that_need_a_configuration_say_so_in_a_line(runs, page, parameter):
    run = recorded(runs)
    at = opened(page, **{parameter: run.id})
    assert "recorded here" in told(at) or "no such" in told(at) or page == "domains"
    assert "has no configuration" in told(at) or page == "domains"


def test_no_page_offers_them_where_a_network_is_asked(mixed):
    trained, plain, with_lambda = mixed
    offered = [choice.id for choice in networks.choices()]
    assert trained.id in offered
    assert not {plain.id, with_lambda.id} & {*offered}
    assert [line.id for line in backend.lines()] == [trained.id]
    assert len(backend.all_lines()) == 3


def test_two_of_one_name_are_told_apart(runs):
    first, second = recorded(runs, name="same"), recorded(runs, name="same")
    at = opened("runs", run=f"{second.id}~{first.id}")
    assert "same #2" in told(at)


def test_settings_of_trained_runs_are_compared_as_before(runs, quick):
    pair = [runs.create(replace(quick, lr=rate)) for rate in (0.1, 0.2)]
    for run in pair:
        list(execute(run))
    at = opened("runs", run=f"{pair[0].id}~{pair[1].id}")
    assert "Settings that differ" in told(at)
