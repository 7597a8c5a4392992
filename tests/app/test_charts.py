"""The live charts as pure functions of real histories: what is fed, read, tabled and drawn."""

import base64
import itertools
import json
import math
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_equal

from afn import LambdaInit, TrainConfig
from afn.engine.execution import execute
from afn.history import LAMBDAS, STEP_COLUMNS, History
from afn.jsonl import append_line
from afn.lambda_init import GREEK
from afn.runs import Run, RunStore
from app.charts.chart import Shown, enumerate_words
from app.charts.corruptions import corruption_chart
from app.charts.distribution import distribution_chart, layer_names
from app.charts.lambdas import lambda_chart, short_layer
from app.charts.learning import gradient_chart, learning_chart
from app.charts.palette import NORM_COLORS, run_colors

CONFIG = TrainConfig(
    dataset="digits8", widths=(4, 8), batch_size=128, epochs=1, evals_per_epoch=2, eval_images=100,
    corruptions=("contrast", "gaussian_noise"),
)  # fmt: skip
LABELS = {"afn": "AFN", "asrnorm": "ASRNorm", "bn": "BN"}
CHANGED_AT = 5
CHANGES = [
    {"command": "set", "lr": 0.01},
    {"command": "set", "batch_size": 96},
    {"command": "set", "lambda": {"mu": -1.0, "sigma": -1.5}},  # BN refuses it
]

CHARTS = {
    "learning": learning_chart,
    "gradients": gradient_chart,
    "λ by λ": lambda_chart,
    "logit by layer": lambda shown: lambda_chart(shown, scale="logit", by="layer"),
    "distribution": lambda shown: distribution_chart(shown, layer_names(shown)[-1]),
    "corruptions": lambda shown: corruption_chart(shown, 3),
}
CURVES = ["learning", "gradients", "λ by λ", "logit by layer"]
every_chart = pytest.mark.parametrize("make", CHARTS.values(), ids=list(CHARTS))


def execute_with_changes(run, changes):
    for event in execute(run):
        if event.kind == "step" and event.step == CHANGED_AT:
            for change in changes:
                run.send(change)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """One small run per norm, each steered alike half-way through."""
    store = RunStore(tmp_path_factory.mktemp("runs"))
    done = [store.create(replace(CONFIG, norm=norm)) for norm in LABELS]
    for run in done:
        execute_with_changes(run, CHANGES)
    return done


def show(runs):
    """The runs as the page shows them."""
    configs = [run.config() for run in runs]
    colors = run_colors([config.norm for config in configs])
    shown = [
        Shown(LABELS[config.norm], color, config, History(run))
        for config, color, run in zip(configs, colors, runs, strict=True)
    ]
    for each in shown:
        each.history.update()
    return shown


@pytest.fixture
def shown(runs):
    return show(runs)


def events(run, kind):
    """What a run recorded, read without `History`."""
    return [event for event in run.events()[0] if event["kind"] == kind]


# -- what the browser makes of the chunks ----------------------------------------------------------


def decode(text):
    return np.frombuffer(base64.b64decode(text), "<f4")


def curves(chart, chunks):
    """Per line of the spec its points, (2, n)."""
    lines = [np.empty((2, 0)) for _ in chart.spec["lines"]]
    for first, x, y in (block for chunk in chunks for block in chunk.get("pts", ())):
        for i, row in enumerate(decode(y).reshape(-1, len(decode(x))), start=first):
            lines[i] = np.concatenate([lines[i], [decode(x), row]], axis=1)
    return lines


def unpack(low, high, levels):
    share = np.frombuffer(base64.b64decode(levels), "<u2") / 65535
    return low + share * (high - low)


def snapshots(chunks):
    """Per run and step the values of γ̂ and β̂."""
    return {
        (run, step): [unpack(*panel) for panel in panels]
        for chunk in chunks
        for run, step, panels in chunk.get("snapshots", ())
    }


def cells(chunks):
    """Per run and group its bar: value, low, high."""
    return {(run, group): bar for chunk in chunks for run, group, *bar in chunk.get("cells", ())}


def drawn(chart, chunks):
    """All that is on screen once the chunks have come."""
    return {
        "curves": curves(chart, chunks) if chart.spec["kind"] == "curves" else None,
        "snapshots": snapshots(chunks),
        "cells": cells(chunks),
        "images": {k: v for chunk in chunks for k, v in chunk.get("images", {}).items()},
        "marks": {json.dumps(m) for chunk in chunks for m in chunk.get("marks", ())},
    }


def strict_json(value):
    return json.dumps(value, allow_nan=False, separators=(",", ":"), ensure_ascii=False)


# -- feeding ---------------------------------------------------------------------------------------


@every_chart
def test_once_all_is_fed_there_is_nothing_new(make, shown):
    first, cursor = make(shown).feed(None)
    assert first
    for each in shown:
        each.history.update()
    assert make(shown).feed(cursor)[0] == {}


def growing(run, folder, portions):
    """A history that gets a run's events bit by bit."""
    lines = run.events_path.read_bytes().splitlines(keepends=True)
    copy = Run(folder / run.id)
    copy.path.mkdir()
    history = History(copy)
    for part in np.array_split(range(len(lines)), portions):
        with copy.events_path.open("ab") as file:
            file.writelines(lines[i] for i in part)
        history.update()
        yield history


def ticks(make, shown, folder, portions):
    """The chart as it stands after each portion of the events, and the chunk that it feeds."""
    cursor = None
    histories = [growing(each.history.run, folder, portions) for each in shown]
    for now in zip(*histories, strict=True):
        chart = make([replace(e, history=h) for e, h in zip(shown, now, strict=True)])
        chunk, cursor = chart.feed(cursor)
        yield chart, chunk


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
    waiting = [replace(each, history=History(Run(tmp_path / each.label))) for each in shown]
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
    shown[0].history.revision += 1
    assert make(shown).subject != before


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
    scope="module", params=[(3, 2, 32), (4, 19, 64)], ids=["3 runs, convnet", "4 runs, resnet20"]
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
    history = History(run)
    history.update()

    def train():
        record(run, range(history.step + 1, history.step + 81), layers, channels)
        history.update()

    return [Shown(f"AFN #{i}", "#D55E00", CONFIG, history) for i in range(num_runs)], train


@every_chart
def test_a_tick_stays_small_whatever_the_length(make, trained):
    shown, train = trained
    _, cursor = make(shown).feed(None)
    train()
    tick, _ = make(shown).feed(cursor)
    assert tick
    assert len(strict_json(tick).encode()) <= TICK_BYTES


@pytest.mark.parametrize("name", CURVES)
def test_a_history_is_thinned_evenly_from_its_start_to_its_newest_point(name, trained):
    shown, _ = trained
    chart = CHARTS[name](shown)
    chunk, _ = chart.feed(None)
    assert len(strict_json(chunk).encode()) <= 64_000
    x, _ = curves(chart, [chunk])[0]
    assert x[0] <= 1
    assert x[-1] == shown[0].history.step
    gaps = np.diff(x)
    assert gaps.max() - gaps.min() <= 1


# -- learning and gradients ------------------------------------------------------------------------


def test_learning_draws_what_was_recorded(shown, runs):
    chart = learning_chart(shown)
    lines = curves(chart, [chart.feed(None)[0]])
    for (panel, run, _), (x, y) in zip(chart.spec["lines"], lines, strict=True):
        steps = events(runs[run], "step")
        tests = [e for e in events(runs[run], "evaluation") if e["corruption"] is None]
        expected = [
            [(e["step"], e["loss"]) for e in steps],
            [(e["step"], 100 * e["accuracy"]) for e in steps],
            [(e["step"], 100 * e["accuracy"]) for e in tests],
        ][panel]
        assert_allclose(np.stack([x, y], axis=1), expected, rtol=1e-6)


def test_gradients_draw_the_norm_and_images_per_second(shown, runs):
    chart = gradient_chart(shown)
    lines = curves(chart, [chart.feed(None)[0]])
    for (panel, run, _), (_, y) in zip(chart.spec["lines"], lines, strict=True):
        steps = events(runs[run], "step")
        speed = [e["batch_size"] / max(e["duration"], 1e-6) for e in steps]
        assert_allclose(y, [e["grad_norm"] for e in steps] if panel == 0 else speed, rtol=1e-6)


def test_the_readings_name_the_run_the_value_and_the_step(shown, runs):
    scores, peaks = [], []
    for label, run in zip(LABELS.values(), runs, strict=True):
        last = [e for e in events(run, "evaluation") if e["corruption"] is None][-1]
        scores.append(f"{label} {100 * last['accuracy']:.1f} % (step {last['step']})")
        peak = max(events(run, "step"), key=lambda e: e["grad_norm"])
        peaks.append(f"{label} {peak['grad_norm']:.2g} at step {peak['step']}")
    assert learning_chart(shown).reading == (
        f"Test accuracy on 100 images of digits8: {scores[0]}, {scores[1]} and {scores[2]}."
    )
    assert gradient_chart(shown).reading == (
        f"Largest gradient norm so far: {peaks[0]}, {peaks[1]} and {peaks[2]}."
    )


def test_marks_say_what_was_changed_in_which_run_at_which_step(shown):
    texts = [[(mark["run"], mark["text"]) for mark in make(shown).feed(None)[0]["marks"]]
             for make in (learning_chart, gradient_chart, lambda_chart)]  # fmt: skip
    both = [(run, text) for run in (0, 1) for text in
            ("lr 0.01", "batch 96", "λ_μ logit -1, λ_σ logit -1.5")]  # fmt: skip
    assert texts == [[*both, (2, "lr 0.01"), (2, "batch 96")]] * 2 + [both]
    marks = learning_chart(shown).feed(None)[0]["marks"]
    assert {mark["x"] for mark in marks} == {CHANGED_AT}


@pytest.mark.parametrize(
    ("words", "expected"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_words_are_enumerated_as_people_do(words, expected):
    assert enumerate_words(words) == expected


# -- λ ---------------------------------------------------------------------------------------------


def recorded_lambdas(run):
    """(steps + 1, layers, 4), the start first."""
    [start] = events(run, "start")
    return np.array([start["lambdas"], *(e["lambdas"] for e in events(run, "step"))])


@pytest.mark.parametrize("by", ["λ", "layer"])
@pytest.mark.parametrize("scale", ["λ", "logit"])
def test_lambda_draws_every_layer_from_its_start(shown, runs, scale, by):
    chart = lambda_chart(shown, scale=scale, by=by)
    assert [run["label"] for run in chart.spec["runs"]] == ["AFN", "ASRNorm"]
    layers = [short_layer(name) for name in shown[0].history.adaptive_layers]
    titles = [panel["title"] for panel in chart.spec["panels"]]
    assert (
        titles == layers if by == "layer" else [t.split()[0] for t in titles] == [*GREEK.values()]
    )
    seen = set()
    for line, (x, y) in zip(chart.spec["lines"], curves(chart, [chart.feed(None)[0]]), strict=True):
        panel, run, other, name = line
        layer, i = (other, panel) if by == "λ" else (panel, other)
        assert name == (layers[layer] if by == "λ" else list(GREEK.values())[i])
        expected = recorded_lambdas(runs[run])[:, layer, i]
        if scale == "logit":
            expected = np.log(expected / (1 - expected))
        if by == "layer":
            expected = expected - expected[0]
        assert_equal(x, range(len(expected)))
        assert_allclose(y, expected, rtol=1e-5, atol=1e-7)
        seen.add((run, layer, i))
    assert seen == set(itertools.product(range(2), range(2), range(4)))


def test_a_linear_gate_outside_zero_and_one_has_a_value_but_no_logit(tmp_path):
    config = replace(CONFIG, lambda_init=LambdaInit.REFERENCE)
    out = {"command": "set", "lambda": {"gamma": -0.5, "beta": 1.5}}
    run = RunStore(tmp_path).create(config)
    execute_with_changes(run, [out])
    shown = show([run])
    values, logits = (
        np.array(curves(chart, [chart.feed(None)[0]]))[:, 1].reshape(2, 4, -1)
        for chart in (lambda_chart(shown), lambda_chart(shown, scale="logit"))
    )
    is_outside = (values <= 0) | (values >= 1)
    assert is_outside[:, 2:, CHANGED_AT + 1].all()
    assert not is_outside[:, :, 0].any()
    assert_equal(np.isnan(logits), is_outside)


def test_the_reading_of_lambda_finds_the_largest_move(shown, runs):
    moves = []
    for label, run in zip(LABELS.values(), runs[:2], strict=False):
        values = recorded_lambdas(run)
        for layer, i in np.ndindex(2, 4):
            start, end = values[0, layer, i], values[-1, layer, i]
            text = f"{label}'s {list(GREEK.values())[i]} in blocks.{layer}.norm"
            moves.append((abs(end - start), f"{text}, {start:.5g} → {end:.5g}"))
    assert lambda_chart(shown).reading == f"The largest move so far: {max(moves)[1]}."


def test_without_lambda_the_chart_says_so(shown):
    chart = lambda_chart(shown[2:])
    assert chart.reading == "None of these contenders has λ: it belongs to AFN and ASRNorm."
    assert chart.feed(None)[0] == {}


# -- γ̂, β̂ and corruptions --------------------------------------------------------------------------


@pytest.mark.parametrize("layer", [0, 1])
def test_the_distribution_draws_every_snapshot_channel_by_channel(shown, runs, layer):
    chart = distribution_chart(shown, layer_names(shown)[layer])
    found = snapshots([chart.feed(None)[0]])
    expected = {
        (i, snapshot["step"]): [snapshot["layers"][layer][name] for name in ("gamma", "beta")]
        for i, run in enumerate(runs)
        for snapshot in events(run, "snapshot")
    }
    assert found.keys() == expected.keys()
    for key, panels in expected.items():
        for values, exact in zip(found[key], panels, strict=True):  # 16 bits between the extremes
            assert_allclose(values, exact, rtol=0, atol=np.ptp(exact) / 65535)


def test_a_wide_layer_shows_every_so_many_channels(shown):
    narrow = distribution_chart(shown, layer_names(shown)[1])
    for each in shown:
        each.history.start["num_features"][1] = 200
    wide = distribution_chart(shown, layer_names(shown)[1])
    assert (narrow.spec["every"], wide.spec["every"]) == (1, 4)
    all_channels, some = (snapshots([chart.feed(None)[0]]) for chart in (narrow, wide))
    for key, panels in some.items():
        for values, exact in zip(panels, all_channels[key], strict=True):
            assert_allclose(values, exact[::4], rtol=0, atol=np.ptp(exact) / 65535)


def test_the_reading_of_the_distribution_spans_the_last_snapshot(shown, runs):
    spans = []
    for label, run in zip(LABELS.values(), runs, strict=True):
        gamma = events(run, "snapshot")[-1]["layers"][1]["gamma"]
        spans.append(f"{label} {min(gamma):.3g} to {max(gamma):.3g}")
    assert distribution_chart(shown, layer_names(shown)[1]).reading == (
        f"γ̂ of blocks.1.norm now spans: {spans[0]}, {spans[1]} and {spans[2]}."
    )


def test_corruption_bars_carry_wilson_bounds_around_the_newest_test(shown, runs):
    chart = corruption_chart(shown, 3)
    assert chart.spec["groups"] == ["clean", "contrast", "gaussian noise"]
    bars = cells([chart.feed(None)[0]])
    z = NormalDist().inv_cdf(0.975)
    for (run, group), (share, low, high) in bars.items():
        name = (None, "contrast", "gaussian_noise")[group]
        test = [e for e in events(runs[run], "evaluation") if e["corruption"] == name][-1]
        assert share == pytest.approx(100 * test["correct"] / test["n"], abs=0.005)
        assert 0 <= low <= share <= high <= 100
        for bound in (low / 100, high / 100):  # where the score test just rejects
            distance = z * math.sqrt(bound * (1 - bound) / test["n"])
            assert abs(bound - test["accuracy"]) == pytest.approx(distance, abs=2e-4)
    assert len(bars) == 3 * 3


def test_every_bar_has_a_sample_image_that_is_sent_once(shown):
    chart = corruption_chart(shown, 3)
    chunk, cursor = chart.feed(None)
    assert list(chunk["images"]) == chart.spec["groups"]
    assert all(uri.startswith("data:image/png;base64,") for uri in chunk["images"].values())
    shown[0].history.evaluations.append(shown[0].history.evaluations[-1])
    later, _ = chart.feed(cursor)
    assert later.keys() == {"cells"}


def test_a_severity_that_was_not_tested_shows_only_clean(shown):
    chart = corruption_chart(shown, 5)
    assert {group for _, group in cells([chart.feed(None)[0]])} == {0}
    assert chart.reading.startswith("No corruption tested yet")


def test_the_reading_of_corruptions_finds_the_largest_drop(shown, runs):
    drops = []
    for label, run in zip(LABELS.values(), runs, strict=True):
        last = {test["corruption"]: test["accuracy"] for test in events(run, "evaluation")}
        for name in ("contrast", "gaussian_noise"):
            text = f"{name.replace('_', ' ')}: {label} falls to {100 * last[name]:.1f} %"
            drops.append((last[None] - last[name], text))
    assert corruption_chart(shown, 3).reading == (
        f"The largest drop from clean at severity 3 is under {max(drops)[1]} (100 images each)."
    )


# -- tables and colours ----------------------------------------------------------------------------


def test_tables_hold_every_record_in_long_form(shown, runs):
    steps = [len(events(run, "step")) for run in runs]
    snapshots = [len(events(run, "snapshot")) for run in runs]
    tests = [len(events(run, "evaluation")) for run in runs]
    tables = {name: make(shown).table() for name, make in CHARTS.items()}
    lengths = {name: len(table) for name, table in tables.items()}
    assert lengths["learning"] == lengths["gradients"] == sum(steps)
    assert lengths["λ by λ"] == lengths["logit by layer"] == 2 * sum(steps[:2])
    assert lengths["distribution"] == 8 * sum(snapshots)
    assert lengths["corruptions"] == sum(tests)
    for table in tables.values():
        assert len({tuple(row) for row in table}) == 1, "all rows have the same columns"


def test_tables_hold_what_was_recorded(shown, runs):
    recorded = events(runs[1], "step")
    steps = [row for row in learning_chart(shown).table() if row["run"] == "ASRNorm"]
    for name in ("step", "loss", "accuracy", "lr", "batch_size", "grad_norm"):
        assert [row[name] for row in steps] == [event[name] for event in recorded]
    moved = [row for row in lambda_chart(shown).table() if row["run"] == "ASRNorm"][-1]
    assert moved["step"] == recorded[-1]["step"]
    assert [moved[f"lambda_{name}"] for name in LAMBDAS] == recorded[-1]["lambdas"][-1]
    last = CHARTS["distribution"](shown).table()[-1]
    layer = events(runs[2], "snapshot")[-1]["layers"][-1]
    assert (last["gamma"], last["beta"]) == (layer["gamma"][-1], layer["beta"][-1])
    for row in corruption_chart(shown, 3).table():
        assert row["low95"] <= row["accuracy"] <= row["high95"]


def test_colours_tell_any_four_contenders_apart_and_belong_to_their_norm():
    for norms in itertools.combinations_with_replacement(NORM_COLORS, 4):
        colors = run_colors(norms)
        assert len(set(colors)) == 4, norms
        assert all(colors[norms.index(norm)] == NORM_COLORS[norm] for norm in norms)
