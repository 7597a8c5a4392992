"""A setting is a row: what is added to one file is in every place that tells of settings."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from afn.settings.config import CHANGEABLE, LIVE, SETTINGS, TrainConfig
from app.kit.card_view import _settings
from app.kit.routes import PLAYGROUND_RUNS
from app.page.playground.view import VIEW_DEFAULTS
from tests.installed import ROOT

BEHIND = '    """At most so many training images are used, the data set\'s first ones."""\n'
ROWS = {
    "warmup": '''
    warmup: int = row(
        0, title="warm-up", url="warmup", bounds=(0, 100), unit="step", tells="warm-up {}",
        varied="0, 10", changes="fork", help="So many steps with small rates.",
    )
''',
    "smoothing": '''
    smoothing: float = row(
        0.0, title="smoothing", url="smooth", bounds=(0.0, 0.9), step=0.05, tells="smoothing {}",
        own=True, is_rare=False, varied="0, 0.1", changes="fork", help="Of the labels.",
    )
''',
    "order": '''
    order: str = row(
        "drawn", title="order of images", url="order", choices=("drawn", "sorted", "given"),
        tells="{} order", own=True, varied="drawn, sorted", changes="live", help="In an epoch.",
    )
''',
}  # fmt: skip
"""Settings that there are not."""


VALUES = {"warmup": 10, "smoothing": 0.1, "order": "sorted"}
EXPECTED = {
    "warmup": {
        "refused": "warmup must be a whole number from 0 to 100, got 'nonsense'",
        "link": {"warmup": "10", "c": ["afn"]},
        "arguments": ["--norm", "afn", "--warmup", "10"],
        "toml": "warmup = [0, 10]",
        "ablations": "warm-up",
        "python": 'TrainConfig(norm="afn", warmup=10)',
        "told": ["warm-up 10 steps"],
        "labels": ["AFN (warm-up 0 steps)", "AFN (warm-up 10 steps)"],
        "differences": [["warmup", 0, 10]],
    },
    "smoothing": {
        "refused": "smoothing must be a number from 0 to 0.9, got 'nonsense'",
        "link": {"c": ["afn~smooth_0.1"]},
        "arguments": ["--norm", "afn", "--smoothing", "0.1"],
        "toml": "smoothing = [0.0, 0.1]",
        "ablations": "smoothing",
        "python": 'TrainConfig(norm="afn", smoothing=0.1)',
        "told": ["smoothing 0.1"],
        "labels": ["AFN (smoothing 0)", "AFN (smoothing 0.1)"],
        "differences": [["smoothing", 0.0, 0.1]],
    },
    "order": {
        "refused": "unknown order 'nonsense'; known: drawn, sorted, given",
        "link": {"c": ["afn~order_sorted"]},
        "arguments": ["--norm", "afn", "--order", "sorted"],
        "toml": 'order = ["drawn", "sorted"]',
        "ablations": "order of images",
        "python": 'TrainConfig(norm="afn", order="sorted")',
        "told": ["sorted order"],
        "labels": ["AFN (drawn order)", "AFN (sorted order)"],
        "differences": [["order", "drawn", "sorted"]],
    },
}
CONTROLS = {
    "warmup": ["Warm-up", 10, "So many steps with small rates."],
    "smoothing": ["Smoothing", 0.1, "Of the labels."],
    "order": ["Order of images", "sorted", "In an epoch."],
}


@pytest.mark.slow
def test_a_row_in_one_file_is_a_setting_everywhere(tmp_path: Path) -> None:
    for top in ("afn", "app"):
        shutil.copytree(ROOT / top, tmp_path / top, ignore=shutil.ignore_patterns("__pycache__"))
    path = tmp_path / "afn" / "settings" / "config.py"
    source = path.read_text()
    assert source.count(BEHIND) == 1
    path.write_text(source.replace(BEHIND, BEHIND + "".join(ROWS.values())))
    answer = subprocess.run(
        [sys.executable, str(Path(__file__).parent / "everywhere.py"), json.dumps(VALUES)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path), "AFN_RUNS_DIR": str(tmp_path / "runs")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr[-3000:]
    found = json.loads(answer.stdout.splitlines()[-1])
    controls = found.pop("controls")
    captions = controls.pop("captions")
    assert controls == CONTROLS
    assert "warm-up: 10 steps" in captions  # what is set under More is named beside it
    assert "order of images: sorted" in captions
    for name, value in VALUES.items():
        assert found[name].pop("hash"), "a new setting changed the name of what there is"
        assert found[name].pop("fork") == value
        assert EXPECTED[name]["toml"] in found[name].pop("toml")
        assert found[name] == {k: v for k, v in EXPECTED[name].items() if k != "toml"}


def test_every_field_has_a_row_and_words_of_its_own() -> None:
    assert list(SETTINGS) == [field.name for field in fields(TrainConfig)]
    for setting in SETTINGS.values():
        assert setting.default == getattr(TrainConfig(), setting.name)
        assert setting.title
        assert setting.help
        if setting.default is not None:
            assert setting.from_text(setting.to_text(setting.default)) == setting.default
    taken = [*VIEW_DEFAULTS, PLAYGROUND_RUNS, *(setting.url for setting in SETTINGS.values())]
    assert len(set(taken)) == len(taken)
    assert not any("_" in setting.url for setting in SETTINGS.values() if setting.own)
    assert set(LIVE) <= set(CHANGEABLE)


@pytest.mark.parametrize("name", [s.name for s in SETTINGS.values() if s.varied])
def test_what_a_row_would_vary_are_values_of_it(name: str) -> None:
    setting = SETTINGS[name]
    texts = setting.varied.split(", ")
    assert len(set(texts)) == len(texts) > 1
    for text in texts if setting.kind != "start" else ():
        setting.check(setting.from_text(text))


def test_what_is_told_of_a_training_is_all_that_is_not_the_default() -> None:
    config = TrainConfig(
        lr=0.1, lambda_lr_factor=100.0, network_lr_factor=50.0, train_images=1,
        frozen_networks=True, rsc=1 / 3, epochs=1, adaptive=True, eval_batch_size=16,
    )  # fmt: skip
    assert config.told("lr") == [
        "λ lr ×100", "networks' lr ×50", "1 epoch", "RSC 0.33", "at most 1 training image",
        "frozen networks",
    ]  # fmt: skip
    assert TrainConfig().told() == []
    assert TrainConfig(eval_stats="batch", eval_batch_size=16).told() == ["test batch of 16"]


def test_a_card_tells_the_rates_that_its_model_was_trained_with() -> None:
    config = TrainConfig(lambda_lr_factor=100.0, network_decay_factor=0.0, weight_decay=5e-4)
    assert _settings(config) == (
        "3 epochs, batch 64, lr 0.05 (constant), momentum 0.9, weight decay 0.0005, λ lr ×100, "
        "networks' weight decay ×0"
    )


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("widths", "0", "widths must be 1 to 4 whole numbers from 1 to 512, got 0"),
        ("widths", "16-32-64-64-64", "512, got 16, 32, 64, 64, 64"),
        ("lr", "100", "lr must be a number from 1e-05 to 10, got 100"),
        ("lr", "10.5", "got 10.5"),
        ("epochs", "0", "got 0"),
    ],
)
def test_what_cannot_be_is_said_as_it_was_typed(name, text, words):
    """A tuple or 100.0 is Python's, and nobody's who typed 0 or 100."""
    setting = SETTINGS[name]
    with pytest.raises(ValueError, match=f"{re.escape(words)}$"):
        setting.check(setting.from_text(text))


def test_an_empty_list_is_nothing():
    with pytest.raises(ValueError, match=r"got nothing$"):
        SETTINGS["widths"].check(())
