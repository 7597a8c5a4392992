"""The live charts of three small runs, and what the browser makes of what it is fed."""

import base64
import json
from dataclasses import replace

import numpy as np
import pytest

from afn import TrainConfig
from afn.engine.execution import execute
from afn.runs.history import History
from afn.runs.store import RunStore
from app.kit.draw.chart import Shown
from app.kit.draw.corruptions import corruption_chart
from app.kit.draw.distribution import distribution_chart, layer_names
from app.kit.draw.lambdas import lambda_chart
from app.kit.draw.learning import gradient_chart, learning_chart
from app.kit.draw.palette import run_colors
from app.kit.draw.scrubber import scrubber_chart

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
    "scrubber": scrubber_chart,
}
CURVES = ["learning", "gradients", "λ by λ", "logit by layer"]
every_chart = pytest.mark.parametrize("make", CHARTS.values(), ids=list(CHARTS))


def execute_with_changes(run, changes):
    for event in execute(run):
        if event.kind == "step" and event.step == CHANGED_AT:
            for change in changes:
                run.send(change)


@pytest.fixture(scope="session")
def charted(tmp_path_factory):
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
    return [
        Shown(LABELS[config.norm], color, config, History.of(run))
        for config, color, run in zip(configs, colors, runs, strict=True)
    ]


@pytest.fixture
def shown(charted):
    return show(charted)


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
    """Per run, group and step its bar: value, low, high."""
    return {
        (run, group, step): bar
        for chunk in chunks
        for run, group, step, *bar in chunk.get("cells", ())
    }


def spans(chunks):
    """Per run its first step, its newest, and whether it is over."""
    return {run: span for chunk in chunks for run, *span in chunk.get("spans", ())}


def drawn(chart, chunks):
    """All that is on screen once the chunks have come."""
    return {
        "curves": curves(chart, chunks) if chart.spec["kind"] == "curves" else None,
        "snapshots": snapshots(chunks),
        "cells": cells(chunks),
        "spans": spans(chunks),
        "images": {k: v for chunk in chunks for k, v in chunk.get("images", {}).items()},
        "marks": {json.dumps(m) for chunk in chunks for m in chunk.get("marks", ())},
    }


def strict_json(value):
    return json.dumps(value, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
