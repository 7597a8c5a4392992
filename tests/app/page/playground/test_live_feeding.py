"""What live charts send: only what is new, small whatever the length, and nothing that is lost."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_equal

from afn.jsonl import append_line
from afn.runs.history import STEP_COLUMNS, Follower, History
from afn.runs.store import Run
from app.kit.draw.chart import Shown
from app.kit.draw.distribution import distribution_chart
from tests.app.live import (
    CHANGED_AT,
    CHARTS,
    CONFIG,
    CURVES,
    curves,
    drawn,
    every_chart,
    snapshots,
    strict_json,
)

# -- feeding ---------------------------------------------------------------------------------------


@every_chart
def test_once_all_is_fed_there_is_nothing_new(make, shown):
    first, cursor = make(shown).feed(None)
    assert first
    again = [replace(each, history=History.of(each.history.run)) for each in shown]
    assert make(again).feed(cursor)[0] == {}


def growing(run, folder, portions):
    """A history that gets a run's events bit by bit."""
    lines = run.events_path.read_bytes().splitlines(keepends=True)
    copy = Run(folder / run.id)
    copy.path.mkdir()
    follower = Follower(copy)
    for part in np.array_split(range(len(lines)), portions):
        with copy.events_path.open("ab") as file:
            file.writelines(lines[i] for i in part)
        yield follower.now()


def ticks(make, shown, folder, portions):
    """The chart as it stands after each portion of the events, and the chunk that it feeds."""
    cursor = None
    histories = [growing(each.history.run, folder, portions) for each in shown]
    for now in zip(*histories, strict=True):
        chart = make([replace(e, history=h) for e, h in zip(shown, now, strict=True)])
        chunk, cursor = chart.feed(cursor)
        yield chart, chunk


@every_chart
def test_a_chart_feeds_what_its_subject_names_while_others_look_at_the_run(make, shown, tmp_path):
    """A chart that took a later history's numbers would keep what a resumption took back."""
    source = shown[0].history.run
    copy = Run(tmp_path / source.id)
    copy.path.mkdir()
    shutil.copyfile(source.events_path, copy.events_path)
    follower = Follower(copy)
    chart = make([replace(shown[0], history=follower.now())])
    whole, _ = chart.feed(None)
    append_line(copy.events_path, {"kind": "resume", "step": CHANGED_AT})
    other = make([replace(shown[0], history=follower.now())])
    assert chart.feed(None)[0] == whole
    assert other.subject != chart.subject
    assert other.feed(None)[0] != whole


@pytest.mark.parametrize("name", [*CURVES, "corruptions"])
@pytest.mark.parametrize("portions", [2, 6])
def test_what_comes_tick_by_tick_is_what_comes_at_once(name, shown, tmp_path, portions):
    *_, (chart, _) = fed = [*ticks(CHARTS[name], shown, tmp_path, portions)]
    chunks = [chunk for _, chunk in fed]
    whole, _ = chart.feed(None)
    assert sum(map(bool, chunks)) >= 2
    assert_equal(drawn(chart, chunks), drawn(chart, [whole]))


def test_a_tick_brings_the_newest_snapshot_alone_and_the_whole_brings_all(shown, tmp_path):
    make = CHARTS["distribution"]
    (_, first), (chart, later) = ticks(make, shown, tmp_path, 2)
    whole = snapshots([chart.feed(None)[0]])
    newest = {max(key for key in whole if key[0] == run) for run in range(3)}
    assert snapshots([later]).keys() == newest
    assert_equal(whole | snapshots([first, later]), whole)


@every_chart
def test_runs_that_have_not_begun_are_an_empty_chart(make, shown, tmp_path):
    waiting = [replace(each, history=History(run=Run(tmp_path / each.label))) for each in shown]
    chart = make(waiting) if make is not CHARTS["distribution"] else distribution_chart(waiting, "")
    assert chart.feed(None)[0] == {}
    assert chart.reading
    assert chart.table() == []


@every_chart
def test_specs_and_chunks_are_strict_json_and_name_the_runs_in_their_colours(make, shown):
    chart = make(shown)
    strict_json([chart.spec, chart.feed(None)[0]])
    described = {run["label"]: run["color"] for run in chart.spec["runs"]}
    assert described.items() <= {each.label: each.color for each in shown}.items()
    assert described


@pytest.mark.parametrize("name", CURVES)
def test_every_line_has_points_and_lies_in_a_panel_and_a_run_that_are_there(name, shown):
    chart = CHARTS[name](shown)
    for panel, run, *_ in chart.spec["lines"]:
        assert 0 <= panel < len(chart.spec["panels"])
        assert 0 <= run < len(chart.spec["runs"])
    assert all(points.shape[1] for points in curves(chart, [chart.feed(None)[0]]))


@every_chart
def test_other_runs_or_a_revised_history_are_another_subject(make, shown):
    before = make(shown).subject
    assert hash(before) == hash(make(shown).subject)
    assert make(shown[:1]).subject != before
    revised = replace(shown[0], history=replace(shown[0].history, revision=1))
    assert make([revised, *shown[1:]]).subject != before


# -- the size of a tick ----------------------------------------------------------------------------

TICK_BYTES = 1_740  # 1.7 KB


def record(run, steps, layers, channels):
    """Events as the engine writes them, with numbers as long as real ones."""
    draw = np.random.default_rng(steps.start)

    def rows(count, length):
        return [[float(f"{value:.7g}") for value in draw.random(length)] for _ in range(count)]

    [spread] = rows(1, channels)
    test = {"kind": "evaluation", "severity": 3, "n": 1000, "correct": 987, "accuracy": 0.987}
    told = [
        {"kind": "step", "step": step, "lambdas": rows(layers, 4)}
        | {"lambda_grads": rows(layers, 4), **dict.fromkeys(STEP_COLUMNS, 0.123456)}
        for step in steps
    ]
    told.append({"kind": "snapshot", "layers": [{"gamma": spread, "beta": spread}] * layers})
    told += [test | {"corruption": name} for name in (None, *CONFIG.corruptions)]
    for event in told:
        append_line(run.events_path, {"step": steps[-1], "dataset": "digits8"} | event)


@pytest.fixture(
    scope="module",
    params=[(3, 2, 32), (4, 19, 64)],
    ids=["3 runs, convnet", "4 runs, resnet20"],
)
def trained(request, tmp_path_factory):
    """Runs with a long history, and a function that lets a second of training pass."""
    num_runs, layers, channels = request.param
    names = [f"backbone.layer.{i}.norm" for i in range(layers)]
    run = Run(tmp_path_factory.mktemp("trained"))
    start = {"layers": names, "adaptive_layers": names, "num_features": [channels] * layers}
    lambdas = [[0.047, 0.047, 0.0067, 0.0067]] * layers
    append_line(run.events_path, {"kind": "start", **start, "lambdas": lambdas})
    record(run, range(1, 1001), layers, channels)
    follower = Follower(run)

    def shown():
        history = follower.now()
        return [Shown(f"AFN #{i}", "#D55E00", CONFIG, history) for i in range(num_runs)]

    def train():
        step = follower.now().step
        record(run, range(step + 1, step + 81), layers, channels)
        return shown()

    return shown, train


@every_chart
def test_a_tick_stays_small_whatever_the_length(make, trained):
    shown, train = trained
    _, cursor = make(shown()).feed(None)
    tick, _ = make(train()).feed(cursor)
    assert tick
    assert len(strict_json(tick).encode()) <= TICK_BYTES


@pytest.mark.parametrize("name", CURVES)
def test_a_history_is_thinned_evenly_from_its_start_to_its_newest_point(name, trained):
    shown = trained[0]()
    chart = CHARTS[name](shown)
    chunk, _ = chart.feed(None)
    assert len(strict_json(chunk).encode()) <= 64_000
    x, _ = curves(chart, [chunk])[0]
    assert x[0] <= 1
    assert x[-1] == shown[0].history.step
    gaps = np.diff(x)
    assert gaps.max() - gaps.min() <= 1
