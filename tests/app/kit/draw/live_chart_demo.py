"""A page with one chart of each kind, fed by made-up runs that grow with the clock.

Looks: `streamlit run tests/app/kit/draw/live_chart_demo.py` with a link `static` beside it to
`app/static`. `AFN_DEMO_TICK` sets the seconds between ticks; the address says which charts,
seconds since Start (`at`), and where runs end (`steps`).
"""

from __future__ import annotations

import base64
import io
import os
import secrets
import time

import numpy as np
import streamlit as st
from PIL import Image

from app.kit.draw.chart import Chart
from app.kit.draw.live_chart import HISTORY_BYTES, TICK_BYTES, curve_points, live_chart, pack
from app.kit.draw.wall import packed

TICK = float(os.environ.get("AFN_DEMO_TICK", "0.3"))
RATE = 25  # steps a second
RUNS = [
    {"label": "AFN", "color": "#D55E00"},
    {"label": "ASRNorm", "color": "#009E73"},
    {"label": "BN <b>&amp;</b>", "color": "#0072B2"},
]
LAMBDAS = ["λμ", "λσ", "λγ", "λβ"]
LAYERS = ["layer 1", "layer 2", "layer 3"]
GROUPS = [
    "clean",
    "gaussian noise",
    "shot noise",
    "motion blur",
    "fog",
    "snow",
    "contrast",
    "elastic",
]


def asked(name: str, otherwise: float) -> float:
    return float(st.query_params.get(name, otherwise))


def last_step() -> int:
    return int(asked("steps", 600))


def steps_done() -> int:
    started = st.session_state.setdefault("started", time.time() - asked("at", 0))
    return min(last_step(), int((time.time() - started) * RATE))


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(last_step() + 1)


def training(cursor: int | None) -> tuple[dict, int]:
    done = steps_done()
    x = np.arange(cursor or 0, done)
    loss = [
        (2.3 * np.exp(-np.arange(last_step() + 1) / (60 + 25 * run)) + 0.12)
        * (1 + 0.22 * noise(run))
        for run in range(3)
    ]
    every = x[x % 25 == 0]
    accuracy = [
        97.5 - run - 80 * np.exp(-np.arange(last_step() + 1) / (50 + 30 * run)) for run in range(3)
    ]
    budget = HISTORY_BYTES if cursor is None else TICK_BYTES
    blocks = [(run, x, [loss[run][x]]) for run in range(3)]
    blocks += [
        (
            3 + 2 * run,
            every,
            [accuracy[run][every], accuracy[run][every] - 2 + noise(9 + run)[every] / 3],
        )
        for run in range(3)
    ]
    changes = [
        {"x": 90, "text": "lr 0.05 → 0.1"},
        {"x": 96, "text": "batch 64 → 32", "run": 0},
        {"x": 230, "text": "λμ 0.05 → 0.5", "run": 0},
    ]
    marks = [mark for mark in changes if (cursor or 0) <= mark["x"] < done]
    points = curve_points(blocks, most_bytes=budget)
    return ({"pts": points, "marks": marks} if points else {}), done


def lambdas(cursor: int | None) -> tuple[dict, int]:
    done = steps_done()
    x = np.arange(cursor or 0, done)
    rows = [
        [
            [
                0.0474 + 2e-6 * (k + 1) * (layer + 1) * x * (1 - run / 4) + 2e-6 * noise(k)[x]
                for k in range(4)
            ]
            for layer in range(3)
        ]
        for run in range(2)
    ]
    blocks = [(12 * run, x, np.reshape(rows[run], (12, len(x)))) for run in range(2)]
    points = curve_points(blocks, most_bytes=HISTORY_BYTES if cursor is None else TICK_BYTES)
    return ({"pts": points} if points else {}), done


def snapshots(cursor: int | None) -> tuple[dict, int]:
    done = steps_done()
    found = [
        [
            run,
            step,
            [
                pack(
                    1
                    + (3 - run)
                    * step
                    / last_step()
                    * 0.1
                    * np.random.default_rng(run).standard_normal(64)
                ),
                pack(
                    (3 - run)
                    * step
                    / last_step()
                    * 0.05
                    * np.random.default_rng(9 + run).standard_normal(64)
                ),
            ],
        ]
        for step in range(cursor or 0, done)
        if step % 20 == 0
        for run in range(3)
    ]
    return ({"snapshots": found} if found else {}), done


def accuracies(cursor: int | None) -> tuple[dict, int]:
    done, all_cells = steps_done(), 3 * len(GROUPS)
    count = all_cells if done == last_step() else min(done // 60, all_cells)
    if cursor == count:
        return {}, count
    cells = []
    for index in range(cursor or 0, count):
        group, run = divmod(index, 3)
        value = 97 - 4 * run - 7 * group * (1 + run / 3) % 61
        step = 6 if (run, group) == (2, 0) else 12  # BN's clean test is of another step
        cells.append([run, group, step, value, value - 2, value + 2])
        if (run, group) == (0, 0):
            cells.append([run, group, 24, 99, 98, 100])  # and AFN is ahead
    return {"cells": cells, **({"images": pictures()} if cursor is None else {})}, count


def spans(cursor: int | None) -> tuple[dict, int]:
    done = steps_done()
    if cursor == done:
        return {}, done
    marks = [] if cursor is not None else [{"x": 90, "text": "lr 0.1", "run": 0}]
    return {
        "spans": [[run, 0, done, done == last_step()] for run in range(3)],
        "marks": marks,
    }, done


CLASSES = ["cat", "dog", "frog"]
LABELS = [2, 0, 1, 2, 0, 1]
"""Of three images, clean and then damaged."""


def sureness(run: int, step: int) -> np.ndarray:
    """BN reads everything damaged as a frog; what a frog is, all learn half-way."""
    shares = np.full((6, 3), 0.05)
    for image, label in enumerate(LABELS):
        is_late = label == 2 and step < last_step() // 2
        shares[image, 2 if run == 2 and image >= 3 else 0 if is_late else label] = 0.9
    return np.rint(255 * shares).astype(np.uint8)


def read(cursor: int | None) -> tuple[dict, int]:
    done = steps_done()
    steps = range(0, done + 1, 20) if cursor is None else [done]
    if done == cursor:
        return {}, done
    levels = [np.stack([sureness(run, step) for step in steps]) for run in range(3)]
    news = [[run, [*steps], packed(levels[run])] for run in range(3)]
    return {"answers": news, **({"over": True} if done == last_step() else {})}, done


@st.cache_data
def pictures() -> dict[str, str]:
    found = {}
    for index, group in enumerate(GROUPS):
        yy, xx = np.mgrid[:28, :28]
        ring = np.exp(-((np.hypot(xx - 14, yy - 14) - 8) ** 2) / 6)
        pixels = ring + index * 0.06 * np.random.default_rng(index).standard_normal((28, 28))
        file = io.BytesIO()
        Image.fromarray((pixels.clip(0, 1) * 255).astype(np.uint8)).save(file, "PNG")
        found[group] = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
    return found


TRAINING = {
    "kind": "curves",
    "panels": [
        {"title": "Training loss", "y": "cross-entropy", "smooth": 20},
        {"title": "Accuracy", "y": "%", "markers": True},
    ],
    "runs": RUNS,
    "lines": [[0, 0, 0], [0, 1, 0], [0, 2, 0]]
    + [[1, run, dash, name] for run in range(3) for dash, name in enumerate(["train", "test"])],
    "dashes": ["train", "test"],
    "columns": 2,
    "x": "step",
}
GRID = {
    "kind": "curves",
    "panels": [{"title": f"{name} · {layer}"} for layer in LAYERS for name in LAMBDAS],
    "runs": RUNS[:2],
    "lines": [[panel, run, 0] for run in range(2) for panel in range(12)],
    "columns": 4,
    "x": "step",
}
SPREAD = {"kind": "distribution", "panels": ["γ̂", "β̂"], "runs": RUNS}
SCRUBBER = {"kind": "scrubber", "ids": ["a", "b", "c"], "runs": RUNS}
ROBUST = {"kind": "bars", "groups": GROUPS, "runs": RUNS, "y": "accuracy, %", "range": [0, 100]}
WALL = {
    "kind": "wall", "images": [[label, at > 2, at] for at, label in enumerate(LABELS)],
    "damage": "pale", "noun": "animals", "classes": CLASSES, "note": "", "runs": RUNS,
    "sheet": pictures()["clean"], "columns": 3, "rows": 2, "tile": [28, 28],
}  # fmt: skip
CHARTS = {
    "training": (TRAINING, training),
    "lambdas": (GRID, lambdas),
    "spread": (SPREAD, snapshots),
    "robust": (ROBUST, accuracies),
    "wall": (WALL, read),
    "scrubber": (SCRUBBER, spans),
}


@st.fragment(run_every=TICK)
def charts() -> None:
    for name in st.query_params.get("show", ",".join(CHARTS)).split(","):
        st.subheader(name)
        chart = Chart(name, *CHARTS[name], "Of three runs.", list)
        live_chart(name, f"Made-up {name}", st.session_state.visitor, lambda chart=chart: chart)


st.set_page_config(layout="wide")
st.session_state.setdefault("visitor", secrets.token_hex(4))
if st.checkbox("Show charts", True):
    charts()
