"""What is computed of the course of λ, its words and its figures."""

from dataclasses import replace

import numpy as np
import pytest

from afn.runs.history import History
from afn.settings.config import TrainConfig
from afn.settings.lambda_init import LambdaInit
from app.kit import offers
from app.kit.draw.chart import Shown
from app.kit.draw.legend import depth_legend, ramp
from app.kit.draw.palette import NORM_COLORS
from app.kit.draw.tracks import Track, courses_of, series_of, table, thinned, together, track
from app.page.dynamics.charts import depth_figure, dynamics_figure, panels_of
from app.page.dynamics.view import DynamicsView
from app.page.dynamics.words import dynamics_reading, panel_reading

START = [0.04, 0.04, 0.01, 0.01]


class Told:
    """Events from memory."""

    id = "told"

    def __init__(self, events):
        self._events = events

    def events(self, offset=0):
        return self._events[offset:], len(self._events)


def told(lambdas, *, layers=("backbone.a",), grads=None, snapshots=(), steps=None, **config):
    """A run whose λ are as given: one row of four per layer and step."""
    names = list(layers)
    start = {"kind": "start", "layers": names, "adaptive_layers": names}
    start |= {"num_features": [2] * len(names), "lambdas": [START] * len(names)}
    events = [start]
    for i, rows in enumerate(lambdas):
        step = steps[i] if steps else i + 1
        event = dict.fromkeys(
            ("loss", "accuracy", "lr", "lambda_lr_factor", "batch_size", "grad_norm", "duration",
             "images_left"), 1.0,
        )  # fmt: skip
        event |= {"kind": "step", "step": step, "lambdas": rows}
        event["lambda_grads"] = grads[i] if grads else [[0.0] * 4] * len(names)
        events.append(event)
    events += [{"kind": "snapshot", **each} for each in snapshots]
    history = History.of(Told(events))
    settings = TrainConfig(**config)
    return Shown(settings.norm.upper(), "#000000", settings, history, True)


def courses(*shown, quantity="lambda", keys=None):
    return courses_of(series_of(shown, keys or list(range(len(shown)))), quantity)


# -- numbers ---------------------------------------------------------------------------------------


def test_lambda_and_its_change_begin_at_the_start():
    one = told([[[0.05, 0.04, 0.01, 0.0]], [[0.06, 0.02, 0.01, 0.0]]])
    found = track(one.history, one.config, "lambda")
    assert found.steps.tolist() == [0, 1, 2]
    assert found.values[0].tolist() == [
        [0.04, 0.05, 0.06], [0.04, 0.04, 0.02], [0.01] * 3, [0.01, 0.0, 0.0],
    ]  # fmt: skip
    change = track(one.history, one.config, "change")
    assert change.values[0, 0] == pytest.approx([0, 0.01, 0.02])
    assert change.values[0, 3] == pytest.approx([0, -0.01, -0.01])


def test_the_logit_is_the_parameter_that_is_learned():
    one = told([[[0.5, 0.0, 0.2, -0.3]]])
    found = track(one.history, one.config, "logit").values[0, :, 1]
    assert found[0] == 0
    assert np.isnan(found[1])  # λ = 0 exactly has no logit
    assert found[2] == pytest.approx(np.log(0.25))
    linear = told([[[0.5, 0.0, 0.2, -0.3]]], lambda_init=LambdaInit.REFERENCE)
    found = track(linear.history, linear.config, "logit").values[0, :, 1]
    assert found[2:].tolist() == [0.2, -0.3]  # without a sigmoid the parameter is λ


def test_a_gradient_is_its_root_mean_square_over_stretches():
    grads = [[[3.0, 0, 0, 0]], [[-4.0, 0, 0, 0]]] * 40  # 80 steps in 40 stretches of two
    one = told([[START]] * 80, grads=grads)
    found = track(one.history, one.config, "gradient")
    assert found.steps[:2].tolist() == [1.5, 3.5]
    assert found.values[0, 0] == pytest.approx([12.5**0.5] * 40)
    assert not found.values[0, 1:].any()


def test_moves_are_those_of_the_layers_with_lambda_and_older_snapshots_have_none():
    snapshots = [
        {"step": 1, "layers": [{"gamma": [1]}]},
        {"step": 9, "layers": [{"gamma": [1], "moves": [0.1, 0.9]}]},
    ]
    one = told([[START]], snapshots=snapshots)
    found = track(one.history, one.config, "move")
    assert found.steps.tolist() == [9]
    assert found.values.tolist() == [[[0.1], [0.9]]]
    none = told([[START]], snapshots=snapshots[:1])
    assert courses(none, quantity="move") == []


def test_seeds_together_are_straight_between_their_steps_and_end_with_them():
    one = Track(np.array([0.0, 2.0]), np.array([[[0.0, 2.0]]]))
    other = Track(np.array([0.0, 1.0, 4.0]), np.array([[[0.0, 3.0, 6.0]]]))
    found = together([one, other])
    assert found.steps.tolist() == [0, 1, 2, 4]
    assert found.mean[0, 0].tolist() == [0, 2, 3, 6]  # (1+3)/2, (2+4)/2, the other alone
    assert found.low[0, 0].tolist() == [0, 1, 2, 6]
    assert found.high[0, 0].tolist() == [0, 3, 4, 6]
    assert together([]) is None


def test_runs_that_differ_by_their_seed_are_one_series_and_others_have_dashes():
    shown = [
        replace(told([[START]], seed=seed), label=f"AFN (batch 64, seed {seed})") for seed in (0, 1)
    ]
    other = replace(told([[START]], batch_size=8), label="AFN (batch 8, seed 0)")
    keys = [(offers.alike(each.config), each.config.norm) for each in (*shown, other)]
    first, second = series_of([*shown, other], keys)
    assert first.label == "AFN (batch 64, 2 seeds)"
    assert second.label == "AFN (batch 8, seed 0)"
    assert first.color == second.color == NORM_COLORS["afn"]
    assert first.dash == "solid" != second.dash
    twins = [replace(told([[START]]), label="AFN #1"), replace(told([[START]]), label="AFN #2")]
    assert series_of(twins, [0, 0])[0].label == "AFN (2 runs)"


def test_thinning_keeps_both_ends_and_follows_the_axis():
    steps = np.arange(0.0, 2000)
    assert thinned(steps[:50], log=False).tolist() == list(range(50))
    even, log = (thinned(steps, log=is_log, most=100) for is_log in (False, True))
    for places in (even, log):
        assert (places[0], places[-1]) == (0, 1999)
        assert len(places) <= 101
    assert np.count_nonzero(log < 100) > 30 > 10 > np.count_nonzero(even < 100)


def test_the_table_is_long():
    rows = table(series_of([told([[START]], seed=4)], [0]), "lambda")
    assert [row["step"] for row in rows] == [0, 1]
    assert rows[1] == {
        "run": "AFN", "id": "told", "seed": 4, "layer": "backbone.a", "step": 1.0,
        "lambda_mu": 0.04, "lambda_sigma": 0.04, "lambda_gamma": 0.01, "lambda_beta": 0.01,
    }  # fmt: skip


# -- words -----------------------------------------------------------------------------------------


def test_the_reading_names_the_largest_move_and_compares():
    afn = told([[[0.04, 0.06, 0.01, 0.01]]])
    other = told([[[0.05, 0.04, 0.01, 0.01]]], norm="asrnorm")
    assert dynamics_reading(courses(afn, other), "lambda") == (
        "λ_σ of AFN in a moved most: 0.04 → 0.06 (+50 %). Mean change over layers and λ: AFN 0.005 "
        "and ASRNORM 0.0025."
    )
    below = told([[[0.04, 0.04, -3.5, 0.01]]])
    assert "λ_γ of AFN in a moved most: 0.01 → −3.5." in dynamics_reading(courses(below), "lambda")
    far = told([[[0.5, 0.04, 0.01, 0.01]]])
    assert "λ_μ of AFN in a moved most: 0.04 → 0.5." in dynamics_reading(courses(far), "lambda")


def test_what_stays_is_said_to_stay():
    still = courses(told([[START]]))
    assert dynamics_reading(still, "lambda") == (
        "λ stays exactly where it started: none has moved."
    )
    little = courses(told([[[0.0402, 0.04, 0.01, 0.01]]]))
    assert dynamics_reading(little, "lambda") == (
        "λ stays about where it started: none moved by more than 0.5 % of its start. λ_μ of AFN in "
        "a moved most: 0.04 → 0.0402 (+0.5 %)."
    )
    assert "first step" in dynamics_reading([], "lambda")


def test_gradients_are_held_against_their_beginning():
    grads = [[[0.0, 8.0, 0, 0]]] * 40 + [[[0.0, 2.0, 0, 0]]] * 40
    falling = courses(told([[START]] * 80, grads=grads), quantity="gradient")
    assert dynamics_reading(falling, "gradient") == (
        "AFN: the gradient on λ ends 4 × smaller (4 → 1); it is largest on λ_σ in a."
    )
    steady = courses(told([[START]] * 80, grads=grads[:1] * 80), quantity="gradient")
    assert "stays about as large as it began" in dynamics_reading(steady, "gradient")
    frozen = courses(told([[START]]), quantity="gradient")
    assert "no gradient reaches λ" in dynamics_reading(frozen, "gradient")


def test_large_numbers_are_written_out():
    rising = told([[START]] * 20, grads=[[[1.0] * 4]] * 10 + [[[12345.0] * 4]] * 10)
    assert dynamics_reading(courses(rising, quantity="gradient"), "gradient") == (
        "AFN: the gradient on λ ends 12,000 × as large (1 → 12,000); it is largest on λ_μ in a."
    )
    grown = told([[[0.04, 0.04, 0.01, 0.099]]])
    assert "0.01 → 0.099 (+890 %)" in dynamics_reading(courses(grown), "lambda")


def test_a_network_that_diverged_is_called_so():
    nan = float("nan")
    found = told([[START], [[nan] * 4]], grads=[[[1.0] * 4], [[nan] * 4]])
    assert "diverged" in dynamics_reading(courses(found, quantity="gradient"), "gradient")
    assert "the network diverged" in dynamics_reading(courses(found), "lambda")
    [panel] = panels_of(series_of([found], [0]), "lambda", ("mu",), "λ")
    assert panel_reading(panel, courses(found), "lambda") == "AFN 0.04 → –."
    for quantity in ("lambda", "gradient", "logit", "change"):
        dynamics_figure(panel, courses(found, quantity=quantity), quantity)


def test_moves_are_told_in_deviations():
    rows = [{"moves": [0.1, 0.9]}, {"moves": [0.3, 1.0]}]
    one = told([[START, START]], layers=("a", "b"), snapshots=[{"step": 5, "layers": rows}])
    assert dynamics_reading(courses(one, quantity="move"), "move") == (
        "AFN at step 5: λ moves the mean by 0.2 σ on average and makes the spread 0.95 × σ; the "
        "mean most in b, 0.3 σ."
    )


def test_a_panel_is_read_over_its_layers():
    rows = [[0.05, 0.04, 0.01, 0.01], [0.03, 0.04, 0.01, 0.01]]
    found = courses(told([rows], layers=("a", "b")))
    [panel, *_] = panels_of([each.series for each in found], "lambda", ("mu", "sigma"), "λ")
    assert panel_reading(panel, found, "lambda") == "AFN 0.04 → 0.03 … 0.05."
    [_, b] = panels_of([each.series for each in found], "lambda", ("mu",), "layer")
    assert (b.title, b.layer) == ("b", "b")
    assert panel_reading(b, found, "lambda") == "AFN 0.04 → 0.03."


# -- figures ---------------------------------------------------------------------------------------


def many(**config):
    rows = [[0.04 + 0.001 * k, 0.04, 0.01, 0.01] for k in range(19)]
    return told([rows] * 900, layers=[f"l{k}" for k in range(19)], **config)


def test_layers_are_shades_and_curves_are_thinned():
    found = courses(many())
    [panel, *_] = panels_of([found[0].series], "lambda", ("mu",), "λ")
    figure = dynamics_figure(panel, found, "lambda")
    assert [line.line.color for line in figure.data] == ramp(NORM_COLORS["afn"], 19)
    assert max(len(line.x) for line in figure.data) <= 401
    assert figure.layout.hovermode == "closest"  # nobody reads 19 lines at once
    assert figure.data[18].y[-1] == pytest.approx(0.058)


def test_seeds_are_a_band_or_lines():
    found = courses(told([[START]]), told([[[0.05, 0.04, 0.01, 0.01]]], seed=1), keys=[0, 0])
    [panel] = panels_of([found[0].series], "lambda", ("mu",), "λ")
    low, high, mean = dynamics_figure(panel, found, "lambda").data
    assert (low.y[1], high.y[1], mean.y[1]) == pytest.approx((0.04, 0.05, 0.045))
    one, other = dynamics_figure(panel, found, "lambda", seeds="lines").data
    assert (one.name, other.name) == ("AFN (2 seeds) · a · seed 0", "AFN (2 seeds) · a · seed 1")


def test_a_logarithmic_axis_begins_behind_the_start_and_gradients_have_no_zeros():
    one = told([[START]] * 3, grads=[[[1.0, 0, 0, 0]], [[0.0] * 4], [[2.0, 0, 0, 0]]])
    found = courses(one)
    [panel] = panels_of([found[0].series], "lambda", ("mu",), "λ")
    assert dynamics_figure(panel, found, "lambda", log=True).data[0].x[0] == 1
    figure = dynamics_figure(panel, courses(one, quantity="gradient"), "gradient")
    assert np.isnan(figure.data[0].y[1])
    assert figure.layout.yaxis.type == "log"


def test_panels_of_layers_share_their_scale_and_rounding_is_not_magnified():
    found = courses(many())
    panels = panels_of([found[0].series], "lambda", ("mu",), "layer")
    ranges = {dynamics_figure(each, found, "lambda").layout.yaxis.range for each in panels}
    assert len(ranges) == 1
    still = courses(told([[START]]))
    [panel] = panels_of([still[0].series], "lambda", ("mu",), "λ")
    low, high = dynamics_figure(panel, still, "lambda").layout.yaxis.range
    assert low < 0.04 < high


def test_the_depth_shows_start_and_end():
    found = courses(many())
    [panel] = panels_of([found[0].series], "lambda", ("mu",), "λ")
    start, end = depth_figure(panel, found, "lambda").data
    assert list(end.x) == list(range(1, 20))
    assert set(start.y) == {0.04}
    assert end.y[-1] == pytest.approx(0.058)


def test_the_legend_names_few_layers_and_only_the_ends_of_many():
    few = depth_legend([("AFN", "#D55E00", "solid", ["backbone.a", "backbone.<b>"])])
    assert "backbone" not in few
    assert "&lt;b&gt;" in few
    layers = [f"l{k}" for k in range(19)]
    deep = depth_legend([("AFN", "#D55E00", "8px,4px", layers)])
    assert "l0" in deep
    assert "l18 (19 layers)" in deep
    assert "l9" not in deep
    assert "transparent 8px 12px" in deep


def test_what_has_panels_follows_from_the_view():
    assert DynamicsView().panels == ("mu", "sigma", "gamma", "beta")
    assert DynamicsView(which="beta").panels == ("beta",)
    assert DynamicsView(by="layer").panels == ("mu",)
    assert DynamicsView(quantity="move").panels == ("mu", "sigma")
    assert DynamicsView(quantity="move", which="beta").panels == ("mu", "sigma")
