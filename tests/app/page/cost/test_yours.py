"""What one's own models cost, measured and shown beside our networks."""

import json

import pytest

from afn.cli.main import main
from afn.cost.records import Report
from afn.own.kept import in_environment
from afn.own.source import ModelSource
from app.kit import backend
from tests.app.one_view import html, opened, words
from tests.waiting import wait_for

pytestmark = pytest.mark.slow
MODEL = """
from torch import nn
def build():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.GroupNorm(2, 4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(4, 2),
    )
build.input = (1, 8, 8)
"""
MACS = 36 * 4 * 9 + 3 * 36 * 4 + 4 * 2
"""Of the convolution, of a norm that measures each image, of the linear layer."""


def test_measured_in_the_page_it_stands_beside_ours(runs, monkeypatch, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(MODEL)
    source = ModelSource.read(f"{file}:build")
    monkeypatch.setenv("AFN_MODELS", in_environment([source]))
    at = opened("cost")
    assert "afn-costs" not in html(at)
    at.button(key="cost.yours").click().run()
    live = backend.measurements()
    wait_for(lambda: not live.running, "the end of the measurement")
    table = html(opened("cost"))
    for name in ("build", "ConvNet", "ResNet-20"):
        assert name in table
    assert "answers" in words(opened("cost"))
    (report,) = (Report.read(path) for path in live.folder.glob("*.jsonl"))
    mine, *ours = report.models
    assert (mine.macs, mine.parameters, mine.image_shape) == (MACS, 58, (8, 8, 1))
    assert mine.digest
    assert not any(each.digest for each in ours)


def test_models_go_with_nothing_that_is_of_norms(capsys):
    with pytest.raises(SystemExit):
        main(["bench", "--model", "my.py:build", "--norms", "afn"])
    assert "--model goes with --rounds and --output alone" in capsys.readouterr().err


def test_the_command_says_a_line_for_each(capsys, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(MODEL)
    main(["bench", "--model", f"{file}:build", f"{file}:build,norm=afn", "--rounds", "1", "--json"])
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    models = [each for each in records if each["kind"] == "model"]
    assert [each["name"].rpartition("/")[2] for each in models[:2]] == [
        "mine.py:build", "mine.py:build,norm=afn",
    ]  # fmt: skip
    assert models[1]["parameters"] > models[0]["parameters"]
    assert records[-1]["status"] == "finished"
