"""What live charts show of real histories: curves, bars, readings, tables."""

import itertools
import math
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_equal

from afn import LambdaInit
from afn.runs.history import LAMBDAS
from afn.runs.store import RunStore
from afn.settings.lambda_init import GREEK
from afn.wording import enumerate_words
from app.kit.draw.corruptions import corruption_chart
from app.kit.draw.distribution import distribution_chart, layer_names
from app.kit.draw.lambdas import lambda_chart
from app.kit.draw.learning import gradient_chart, learning_chart
from app.kit.draw.legend import short_layer
from app.kit.draw.palette import NORM_COLORS, run_colors
from app.kit.draw.scrubber import scrubber_chart
from tests.app.live import (
    CHANGED_AT,
    CHARTS,
    CONFIG,
    LABELS,
    cells,
    curves,
    events,
    execute_with_changes,
    show,
    snapshots,
)


def test_a_tick_looks_up_no_data_set_for_corruptions_that_always_apply(shown, monkeypatch):
    monkeypatch.delattr("app.kit.draw.corruptions.dataset_entry")
    assert corruption_chart(shown, 3).feed(None)


# -- learning and gradients ------------------------------------------------------------------------


def test_learning_draws_what_was_recorded(shown, charted):
    chart = learning_chart(shown)
    lines = curves(chart, [chart.feed(None)[0]])
    for (panel, run, _), (x, y) in zip(chart.spec["lines"], lines, strict=True):
        steps = events(charted[run], "step")
        tests = [e for e in events(charted[run], "evaluation") if e["corruption"] is None]
        expected = [
            [(e["step"], e["loss"]) for e in steps],
            [(e["step"], 100 * e["accuracy"]) for e in steps],
            [(e["step"], 100 * e["accuracy"]) for e in tests],
        ][panel]
        assert_allclose(np.stack([x, y], axis=1), expected, rtol=1e-6)


def test_gradients_draw_the_norm_and_images_per_second(shown, charted):
    chart = gradient_chart(shown)
    lines = curves(chart, [chart.feed(None)[0]])
    for (panel, run, _), (_, y) in zip(chart.spec["lines"], lines, strict=True):
        steps = events(charted[run], "step")
        speed = [e["batch_size"] / max(e["duration"], 1e-6) for e in steps]
        assert_allclose(y, [e["grad_norm"] for e in steps] if panel == 0 else speed, rtol=1e-6)


def test_the_readings_name_the_run_the_value_and_the_step(shown, charted):
    scores, peaks = [], []
    for label, run in zip(LABELS.values(), charted, strict=True):
        last = [e for e in events(run, "evaluation") if e["corruption"] is None][-1]
        scores.append(f"{label} {100 * last['accuracy']:.1f} %")
        peak = max(events(run, "step"), key=lambda e: e["grad_norm"])
        peaks.append(f"{label} {peak['grad_norm']:.2g} at step {peak['step']}")
    assert learning_chart(shown).reading == (
        f"Test accuracy on 100 images of digits8 at step {last['step']}: "
        f"{scores[0]}, {scores[1]} and {scores[2]}."
    )
    assert gradient_chart(shown).reading == (
        f"Largest gradient norm so far: {peaks[0]}, {peaks[1]} and {peaks[2]}."
    )


def test_marks_say_what_was_changed_in_which_run_at_which_step(shown):
    texts = [[(mark["run"], mark["text"]) for mark in make(shown).feed(None)[0]["marks"]]
             for make in (learning_chart, gradient_chart, lambda_chart)]  # fmt: skip
    both = [(run, text) for run in (0, 1) for text in
            ("lr 0.01", "batch 96", "λ_μ logit −1, λ_σ logit −1.5")]  # fmt: skip
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
def test_lambda_draws_every_layer_from_its_start(shown, charted, scale, by):
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
        expected = recorded_lambdas(charted[run])[:, layer, i]
        if scale == "logit":
            expected = np.log(expected / (1 - expected))
        if by == "layer":
            expected = expected - expected[0]
        assert_equal(x, range(len(expected)))
        assert_allclose(y, expected, rtol=1e-5, atol=1e-7)
        seen.add((run, layer, i))
    assert seen == set(itertools.product(range(2), range(2), range(4)))


def test_panels_of_lambda_span_alike_and_no_less_than_a_tenth(shown):
    spans = [lambda_chart(shown, span=span).spec["span"] for span in ("shared", "unit", "zoom")]
    assert spans == [{"mode": m, "least": 0.1, "from": 0} for m in ("shared", "unit", "zoom")]
    assert lambda_chart(shown).spec["span"]["mode"] == "shared"
    assert lambda_chart(shown, by="layer").spec["span"]["from"] == "middle"
    assert lambda_chart(shown, span="zoom").subject != lambda_chart(shown).subject


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


def test_the_reading_of_lambda_finds_the_largest_move(shown, charted):
    moves = []
    for label, run in zip(LABELS.values(), charted[:2], strict=False):
        values = recorded_lambdas(run)
        for layer, i in np.ndindex(2, 4):
            start, end = values[0, layer, i], values[-1, layer, i]
            text = f"{label}'s {list(GREEK.values())[i]} in norm {layer + 1}"
            moves.append((abs(end - start), f"{text}, {start:.5g} → {end:.5g}"))
    assert lambda_chart(shown).reading == f"The largest move so far: {max(moves)[1]}."


def test_without_lambda_the_chart_says_so(shown):
    chart = lambda_chart(shown[2:])
    assert chart.reading == "None of these contenders has λ: it belongs to AFN and ASRNorm."
    assert chart.feed(None)[0] == {}


# -- γ̂, β̂ and corruptions --------------------------------------------------------------------------


@pytest.mark.parametrize("layer", [0, 1])
def test_the_distribution_draws_every_snapshot_channel_by_channel(shown, charted, layer):
    chart = distribution_chart(shown, layer_names(shown)[layer])
    found = snapshots([chart.feed(None)[0]])
    channels = {row["channel"] for row in chart.table()}
    assert channels == set(range(1, shown[0].history.start["num_features"][layer] + 1))
    expected = {
        (i, snapshot["step"]): [snapshot["layers"][layer][name] for name in ("gamma", "beta")]
        for i, run in enumerate(charted)
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


def test_the_reading_of_the_distribution_spans_the_last_snapshot(shown, charted):
    spans = []
    for label, run in zip(LABELS.values(), charted, strict=True):
        gamma = events(run, "snapshot")[-1]["layers"][1]["gamma"]
        spans.append(f"{label} {min(gamma):.3g} to {max(gamma):.3g}")
    assert distribution_chart(shown, layer_names(shown)[1]).reading == (
        f"γ̂ of norm 2 now spans: {spans[0]}, {spans[1]} and {spans[2]}."
    )


def test_corruption_bars_carry_wilson_bounds_around_every_test(shown, charted):
    chart = corruption_chart(shown, 3)
    assert chart.spec["groups"] == ["clean", "contrast", "gaussian noise"]
    bars = cells([chart.feed(None)[0]])
    assert bars.keys() == {
        (run, (None, "contrast", "gaussian_noise").index(test["corruption"]), test["step"])
        for run, each in enumerate(charted)
        for test in events(each, "evaluation")
    }
    assert len({step for *_, step in bars}) > 1
    z = NormalDist().inv_cdf(0.975)
    for (run, group, step), (share, low, high) in bars.items():
        name = (None, "contrast", "gaussian_noise")[group]
        (test,) = (
            e
            for e in events(charted[run], "evaluation")
            if (e["corruption"], e["step"]) == (name, step)
        )
        assert share == pytest.approx(100 * test["correct"] / test["n"], abs=0.005)
        assert 0 <= low <= share <= high <= 100
        for bound in (low / 100, high / 100):  # where the score test just rejects
            distance = z * math.sqrt(bound * (1 - bound) / test["n"])
            assert abs(bound - test["accuracy"]) == pytest.approx(distance, abs=2e-4)


def behind(shown, runs):
    """The same, but these runs have not had their last epoch's tests yet."""
    return [
        replace(each, history=replace(each.history, evaluations=each.history.evaluations[:1]))
        if run in runs
        else each
        for run, each in enumerate(shown)
    ]


def test_readings_compare_contenders_at_the_step_that_all_were_tested_at(shown):
    first = [each.history.evaluations[0] for each in shown]
    assert first[0]["step"] < shown[1].history.evaluations[-1]["step"]
    told = [
        f"{label} {100 * test['accuracy']:.1f} %"
        for label, test in zip(LABELS.values(), first, strict=True)
    ]
    reading = learning_chart(behind(shown, [0])).reading
    assert reading.endswith(f"at step {first[0]['step']}: {enumerate_words(told)}.")
    bars = corruption_chart(behind(shown, [0]), 3).reading
    assert bars.startswith("No corruption tested yet"), "ASRNorm and BN would be a step ahead"


def test_every_bar_has_a_sample_image_that_is_sent_once(shown):
    chart = corruption_chart(shown, 3)
    chunk, cursor = chart.feed(None)
    assert list(chunk["images"]) == chart.spec["groups"]
    assert all(uri.startswith("data:image/png;base64,") for uri in chunk["images"].values())
    tests = shown[0].history.evaluations
    tested = replace(shown[0].history, evaluations=(*tests, tests[-1]))
    later, _ = corruption_chart([replace(shown[0], history=tested), *shown[1:]], 3).feed(cursor)
    assert later.keys() == {"cells"}


def test_a_severity_that_was_not_tested_shows_only_clean(shown):
    chart = corruption_chart(shown, 5)
    assert {group for _, group, _ in cells([chart.feed(None)[0]])} == {0}
    assert chart.reading.startswith("No corruption tested yet")


def test_the_reading_of_corruptions_finds_the_largest_drop(shown, charted):
    drops = []
    for label, run in zip(LABELS.values(), charted, strict=True):
        last = {test["corruption"]: test["accuracy"] for test in events(run, "evaluation")}
        for name in ("contrast", "gaussian_noise"):
            text = f"{name.replace('_', ' ')}: {label} falls to {100 * last[name]:.1f} %"
            text += f" at step {events(run, 'step')[-1]['step']}"
            drops.append((last[None] - last[name], text))
    assert corruption_chart(shown, 3).reading == (
        f"The largest drop from clean at severity 3 is under {max(drops)[1]} (100 images each)."
    )


# -- tables and colours ----------------------------------------------------------------------------


def test_tables_hold_every_record_in_long_form(shown, charted):
    steps = [len(events(run, "step")) for run in charted]
    snapshots = [len(events(run, "snapshot")) for run in charted]
    tests = [len(events(run, "evaluation")) for run in charted]
    tables = {name: make(shown).table() for name, make in CHARTS.items()}
    lengths = {name: len(table) for name, table in tables.items()}
    assert lengths["learning"] == lengths["gradients"] == sum(steps)
    assert lengths["λ by λ"] == lengths["logit by layer"] == 2 * sum(steps[:2])
    assert lengths["distribution"] == 8 * sum(snapshots)
    assert lengths["corruptions"] == sum(tests)
    for table in tables.values():
        assert len({tuple(row) for row in table}) == 1, "all rows have the same columns"


def test_tables_hold_what_was_recorded(shown, charted):
    recorded = events(charted[1], "step")
    steps = [row for row in learning_chart(shown).table() if row["run"] == "ASRNorm"]
    for name in ("step", "loss", "accuracy", "lr", "batch_size", "grad_norm"):
        assert [row[name] for row in steps] == [event[name] for event in recorded]
    moved = [row for row in lambda_chart(shown).table() if row["run"] == "ASRNorm"][-1]
    assert moved["step"] == recorded[-1]["step"]
    assert [moved[f"lambda_{name}"] for name in LAMBDAS] == recorded[-1]["lambdas"][-1]
    last = CHARTS["distribution"](shown).table()[-1]
    layer = events(charted[2], "snapshot")[-1]["layers"][-1]
    assert (last["gamma"], last["beta"]) == (layer["gamma"][-1], layer["beta"][-1])
    for row in corruption_chart(shown, 3).table():
        assert row["low95"] <= row["accuracy"] <= row["high95"]


def test_colours_tell_any_four_contenders_apart_and_belong_to_their_norm():
    for norms in itertools.combinations_with_replacement(NORM_COLORS, 4):
        colors = run_colors(norms)
        assert len(set(colors)) == 4, norms
        assert all(colors[norms.index(norm)] == NORM_COLORS[norm] for norm in norms)


def test_the_scrubber_spans_what_was_recorded_and_marks_what_was_changed(shown, charted):
    chart = scrubber_chart(shown)
    chunk, cursor = chart.feed(None)
    last = [events(run, "step")[-1]["step"] for run in charted]
    assert chart.spec["ids"] == [run.id for run in charted]
    assert chunk["spans"] == [[run, 0, step, False] for run, step in enumerate(last)]
    assert {(m["x"], m["text"]) for m in chunk["marks"]} >= {(CHANGED_AT, "lr 0.01")}
    over = scrubber_chart([replace(each, is_over=True) for each in shown])
    assert over.feed(cursor)[0] == {"spans": [[run, 0, at, True] for run, at in enumerate(last)]}
