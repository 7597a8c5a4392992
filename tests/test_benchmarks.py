"""Each script in benchmarks/ runs at its smallest size: for what it prints, not how long it takes.

What has a browser, or an event loop, has a thread of its own: a session's Chromium has one here.
"""

import importlib
import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import streamlit as st

from tests import forked
from tests.installed import ROOT

SMALLEST = {
    "adapting": (
        "--sizes 2 --batches 2",
        r"^mnist5k, four contenders, batches of 2: \d+\.\d batches a second",
    ),
    "conversion": (
        "--only resnet18 --norms afn --size 32",
        r"^resnet18 +afn +20/20 .*e-\d\d .*e-\d\d",
    ),
    "corruptions": ("--images 2", r"^19×5 grid of 2 images on one thread: .* most of it \w+, "),
    "crops": ("--images 16", r"^cifar10-afn +cropped( +-?\d+\.\d){3}$"),
    "demo": ("--seeds 1 --steps 2", r"^BN \(running\): untested$"),
    "first_gradients": ("--seeds 1", r"^.*, \S.*( +\d+\.\d\d){5}$"),
    "handout": ("--pages Lessons --times 1", r"^Lessons +\d\.\d\d MB +\d+\.\d\d s  "),
    "house": ("", r"^.*\d"),
    "inside": ("--moves 2", r"^λ to redrawn stages and accuracy, 2 moves: median \d+ ms"),
    "label_shift": (
        "mnist5k-bn --images 100",
        r"^mnist5k-bn +batch +10 a batch +\d+\.\d\d %",
    ),
    "lessons": ("axes", r"^axes: \d+\.\d s \(asked: .*\n  \S.*\n  .*: \S"),
    "many_runs": (
        "--runs 3 --times 1 --pages Ablations",
        r"^Ablations, every rerun .*\)\nof which the index",
    ),
    "map": (
        "--images 8 --points 16 --repeats 1",
        r"^a point: \d+\.\d ms, \d+\.\d\d plain forwards",
    ),
    "mean_networks": (
        "mnist5k-afn --images 8",
        r"^mnist5k-afn +\d+\.\d\d( +[+-]\d+\.\d\d ± +\d+\.\d\d){2}$",
    ),
    "moving_lambda": (
        "--seeds 2 --norms afn --dataset digits8 --epochs 1",
        r"^  norm 2 λ_μ: 0\.\d{4} → .*\], \d of 2 the same way",
    ),
    "pages": ("--pages Cost --times 1", r"^Cost( +\d+){4}   target 500: (met|MISSED)$"),
    "norm_steps": ("--norms bn --batch 2 --rounds 1", r"^  bn +\d+\.\d\d ms   1\.00 × BN$"),
    "presets": ("--steps 2", r"^Pale digits: AFN \d\.\d\d, ASRNorm \d\.\d\d, BN \d\.\d\d nats"),
    "picture": (
        "--repeats 1 --seconds 1 --steps 100 --moves 3 --warm 0",
        r"^scrubbing 100 steps, from a move to the picture +\d+\.\d ms",
    ),
    "playground": (
        "--repeats 1 --reruns 2 --blocks 1 --steps 5 --dataset digits8 --warm 0",
        r"^rerun while two runs train, median of \d+ ",
    ),
    "race": (
        "--repeats 1 --dataset digits8 --epochs 1",
        r"^afn .*: \d\.\d{3}\n(.*\n)*three side by side: .*: \d\.\d{3}$",
    ),
    "recording": (
        "--norms bn --steps 2 --batch 2",
        r"^bn   every 10 steps, batch 2: \d+ ms a step, recorded [+-]\d+\.\d\d %   target",
    ),
    "robustness": (
        "--grids 1 --slides 1 --switches 1 --visits 1 --images 20 --dataset digits8",
        r"^other statistics, tested before, in all tables +\d+ ms .*\nback from another page",
    ),
    "room": (
        "--phones 2 --voters 2 --rooms 1 --networks 2",
        r"^2 votes within a second: .* s, median.*\nthe next step until each of 2 phones.*\n"
        r"2 networks: .*; 2 have a result.*\n"
        r"a server killed while 2 networks train: room, votes and runs are there \d",
    ),
    "sessions": (
        "--repeats 2 --browsers 0 --people 3 --sessions 20 --rest 0",
        r"^20 sessions came .* MB more\n.*\n3 who press Start .* s, median",
    ),
    "soak": (
        "--minutes 0.05",
        r"^runs that stand still +0 .*\nthe last comparison +finished .*\nlines in the log +0 ",
    ),
    "sweeps": ("--runs 2 --repeats 1 --images 320", r"^worker killed: .*; all 12 finished$"),
    "viewers": ("--viewers 1 --browsers 0 --seconds 4", r"^  1 viewers  each receives \d+\.\d KB"),
}
"""Script -> its arguments, and what is among its lines."""
OF_A_BROWSER = ("handout", "inside", "pages", "picture", "playground", "robustness")


def marked(name):
    """As a case, with what it needs."""
    marks = [pytest.mark.slow]
    if name in OF_A_BROWSER:
        marks.append(pytest.mark.browser)
    if name == "crops":
        is_there = "AFN_DATA_DIR" in os.environ
        reason = "AFN_DATA_DIR is not set"
        marks += [pytest.mark.real_data, pytest.mark.skipif(not is_there, reason=reason)]
    return pytest.param(name, marks=marks)


@pytest.fixture
def told(monkeypatch, capsys):
    """Runs a script; returns what it prints."""
    for name in ("AFN_RUNS_DIR", "AFN_DATA_DIR"):
        monkeypatch.setenv(name, os.environ.get(name, ""))  # back again, where a script sets it
    monkeypatch.chdir(ROOT)

    def run(name, *arguments):
        monkeypatch.setattr(sys, "argv", [name, *arguments])
        if name in OF_A_BROWSER:  # times are not what is tested
            monkeypatch.setattr(forked, "started_anew", forked.started)
        main = importlib.import_module(f"benchmarks.{name}").main
        with ThreadPoolExecutor(1) as thread:
            thread.submit(main).result()
        return capsys.readouterr().out

    yield run
    st.cache_resource.clear()


@pytest.mark.parametrize("name", [marked(name) for name in SMALLEST])
def test_it_prints_its_figures(name, told):
    arguments, lines = SMALLEST[name]
    assert re.search(lines, said := told(name, *arguments.split()), re.MULTILINE), said


def test_none_is_left_out():
    assert {path.stem for path in (ROOT / "benchmarks").glob("*.py")} == SMALLEST.keys()
