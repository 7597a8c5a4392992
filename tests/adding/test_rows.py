"""A norm, a backbone and a corruption are a file and a row each, as CONTRIBUTING.md says."""

import itertools
import json
import math
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests import forked
from tests.installed import ROOT, environment

pytestmark = pytest.mark.slow

NORM = '''
"""Root mean square normalization."""

import torch
from torch import Tensor, nn

from afn.norms._base import Norm
from afn.norms.trace import Trace


class RMSNorm2d(Norm):
    def __init__(self, num_features: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.num_features, self.eps = num_features, eps
        self.weight = nn.Parameter(torch.ones(num_features))

    def _steps(self, x: Tensor) -> Trace:
        sigma = (x.square().mean((1, 2, 3)) + self.eps).sqrt()[:, None].expand(x.shape[:2])
        zeros = torch.zeros_like(self.weight)
        return Trace.direct(x, mu=zeros, sigma=sigma, gamma=self.weight, beta=zeros)
'''
NORM_ROW = """
    NormRow(
        name="rms", title="RMS", module="rms", layers={2: "RMSNorm2d"}, statistics="per image",
        macs=2,
    ),
"""
BACKBONE = '''
"""One convolution."""

from torch import Tensor, nn

from afn.backbones.backbone import Backbone


class Tiny(Backbone):
    def __init__(self, in_channels, num_classes, image_size, norm) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(in_channels, 4, 3), norm(4)
        self.classifier = nn.Linear(4, num_classes)

    def features(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(x)).relu()

    def classify(self, features: Tensor) -> Tensor:
        return self.classifier(features.mean((2, 3)))
'''
BACKBONE_ROW = """
    BackboneRow(
        name="tiny", title="Tiny", module="tiny", factory="Tiny", work=2.0, min_side=8,
    ),
"""
CORRUPTION = '''
"""Corruptions of the colours."""

from torch import Tensor


def negative(images: Tensor, share: float) -> Tensor:
    return images + share * (1 - 2 * images)
'''
CORRUPTION_ROW = """
    CorruptionRow(
        name="negative", kind="colour", cifar10_c=(0.1, 0.2, 0.3, 0.4, 1.0),
        imagenet_c=(0.2, 0.4, 0.6, 0.8, 1.0),
    ),
"""
ADDED = {
    "a norm": ("afn/norms/rms.py", NORM, "afn/settings/norms.py", NORM_ROW),
    "a backbone": ("afn/backbones/tiny.py", BACKBONE, "afn/settings/backbones.py", BACKBONE_ROW),
    "a corruption": (
        "afn/corruptions/colour.py", CORRUPTION, "afn/settings/corruptions.py", CORRUPTION_ROW
    ),
}  # fmt: skip
"""The new file and its text; the file with the rows, and the row."""
LAST_ROW = re.compile(r'\n(?=\)(  # fmt: skip)?\n"""In the order in which they are offered)')


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with one of each."""
    root = tmp_path_factory.mktemp("house")
    for folder in ("afn", "app"):
        left_out = shutil.ignore_patterns("__pycache__", "static")
        shutil.copytree(ROOT / folder, root / folder, ignore=left_out)
    for path, text, rows, row in ADDED.values():
        (root / path).write_text(text.lstrip())
        table, count = LAST_ROW.subn(row, (root / rows).read_text())
        assert count == 1, rows
        (root / rows).write_text(table)
    return root


def ran(house: Path, *arguments: str) -> str:
    """What Python prints in the copy."""
    folders = {"AFN_RUNS_DIR": str(house / "runs"), "AFN_DATA_DIR": str(house / "data")}
    return forked.printed(*arguments, env=environment(house, **folders), cwd=house)


LOOK = """
import json
import torch
from afn import CORRUPTIONS, NORMS, TrainConfig, corrupt
from afn.backbones import BACKBONES
from afn.cost.counting import inference_statistics, norm_macs
from afn.engine.building import norm_options
from afn.settings.fitting import check_against_data
from app.kit import comparison
from app.kit.draw.grid import _grouped
from app.kit.draw.palette import NORM_COLORS, run_colors
from app.page.ablations.view import TESTS, VARIED
from app.page.cost.view import CostView
from app.page.inside.view import InsideView
from app.page.rescaling.view import RescalingView
from app.page.robustness.view import RobustnessView, CORRUPTIONS as TABLE

VIEWS = RobustnessView, RescalingView, InsideView

def refused(check, *arguments):
    try:
        check(*arguments)
    except ValueError as error:
        return str(error)

config = TrainConfig(norm="rms", backbone="tiny", norm_eps=1e-6, eval_stats="running")
contenders, problems = comparison.from_url({"c": ["rms", "bn"], "net": ["tiny"]})
images = torch.rand(2, 3, 32, 32)
print(json.dumps({
    "registries": ["rms" in NORMS, "tiny" in BACKBONES, "negative" in CORRUPTIONS],
    "statistics": config.statistics,
    "options": norm_options(config, 16),
    "too small": refused(check_against_data, config, 100, 7),
    "link": [[each.norm, each.backbone] for each in contenders] + problems,
    "labels": comparison.labels(contenders),
    "colors": list(NORM_COLORS.values()),
    "shades": run_colors(["rms", "rms", *list(NORM_COLORS)]),
    "ablations": [VARIED["norm"].choices[-1], VARIED["backbone"].choices[-1], TESTS["all"][-1]],
    "cost": CostView(subject="tiny", norms=("rms",)).title(),
    "macs": norm_macs(NORMS["rms"](4), 8, 8),
    "inference": inference_statistics(NORMS["rms"](4)),
    "table": [TABLE[-1], *_grouped(TABLE)[-1]],
    "views": [view(corruption="negative").corruption for view in VIEWS],
    "is corrupted": torch.allclose(corrupt(images, "negative", 5), 1 - images, atol=1e-6),
}))
"""


@pytest.fixture(scope="module")
def known(house: Path) -> dict[str, Any]:
    """What the copy knows of what was added."""
    found: dict[str, Any] = json.loads(ran(house, "-c", LOOK))
    return found


def test_registries_and_configuration_know_them(known: dict[str, Any]) -> None:
    assert known["registries"] == [True, True, True]
    assert known["options"] == {"eps": 1e-6}
    assert known["too small"] == (
        "tiny takes images with sides of at least 8 pixels, mnist5k has 7: take larger images, or "
        "another network"
    )
    assert known["is corrupted"]


def test_statistics_are_those_of_the_row(known: dict[str, Any]) -> None:
    """A norm that nobody had named was told as one that takes the test batch's."""
    assert known["statistics"] == "per image"
    assert known["inference"] == "the image's own"


def test_arithmetic_is_that_of_the_row(known: dict[str, Any]) -> None:
    assert known["macs"] == 2 * 4 * 8 * 8


def test_pages_know_them(known: dict[str, Any]) -> None:
    assert known["link"] == [["rms", "tiny"], ["bn", "tiny"]]
    assert known["labels"] == ["RMS", "BN"]
    assert known["ablations"] == ["rms", "tiny", "negative"]
    assert known["cost"] == "Tiny"
    assert known["table"] == ["negative", "colour", ["negative"]]
    assert known["views"] == ["negative"] * 3


def test_a_norm_without_a_colour_of_its_own_has_one_that_can_be_told_apart(
    known: dict[str, Any],
) -> None:
    *others, added = ([int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in known["colors"])
    nearest = min(math.dist(added, other) for other in others)
    assert nearest >= min(math.dist(*pair) for pair in itertools.combinations(others, 2))
    assert len(set(known["shades"])) == len(known["shades"])


@pytest.mark.slow
def test_commands_take_them(house: Path) -> None:
    told = ran(
        house, "-m", "afn", "bench", "--json", "--subject", "layer", "tiny", "--norms", "rms",
        "--channels", "4", "--size", "8", "--batch-size", "2", "--rounds", "1",
    )  # fmt: skip
    lines = [json.loads(line) for line in told.splitlines()]
    measured = {(each["subject"], each["norm"]) for each in lines if each["kind"] == "measurement"}
    assert measured == {(s, norm) for s in ("layer", "tiny") for norm in ("bn", "rms")}
    options = ("--norm", "rms", "--backbone", "tiny", "--corruptions", "negative")
    few = ("--train-images", "64", "--eval-images", "20", "--epochs", "1", "--evals-per-epoch", "0")
    told = ran(
        house, "-m", "afn", "train", "--json", "--no-store", "--dataset", "mnist5k@rgb",
        *options, *few,
    )  # fmt: skip
    lines = [json.loads(line) for line in told.splitlines()]
    tests = [each for each in lines if each["kind"] == "evaluation"]
    assert {each["corruption"] for each in tests} == {None, "negative"}
    assert {each["statistics"] for each in tests} == {"per image"}
