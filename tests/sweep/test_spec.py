import json
import math

import pytest

from afn import LambdaInit, TrainConfig
from afn.sweep.spec import SweepSpec, read_spec

FILE = """
name = "batch size"
seeds = 3
max_runs = 40
[base]
dataset = "digits8"
epochs = 1
[axes]
norm = ["bn", "afn"]
lambda_init = ["paper", -2.0, { mu = 1.0, sigma = "-inf" }]
lr = { low = 0.001, high = 1.0, log = true }
part = [
  { label = "whole" },
  { label = "only rescaling", lambda_init = { mu = "-inf", sigma = "-inf" } },
]
"""


def spec_of(**changes):
    record = {"base": {"dataset": "digits8"}, "axes": {"batch_size": [8, 64]}, **changes}
    return SweepSpec.from_json(record)


def test_a_file_says_base_axes_and_seeds(tmp_path):
    path = tmp_path / "sweep.toml"
    path.write_text(FILE.replace("seeds = 3", "seeds = 3\nsamples = 5"))
    spec = read_spec(path)
    assert (spec.name, spec.seeds, spec.samples, spec.max_runs) == ("batch size", (0, 1, 2), 5, 40)
    assert spec.base == TrainConfig(dataset="digits8", epochs=1)
    axes = {axis.name: axis for axis in spec.axes}
    assert list(axes) == ["norm", "lambda_init", "lr", "part"]
    assert [value.label for value in axes["norm"].values] == ["bn", "afn"]
    starts = [
        TrainConfig.from_json(dict(v.settings)).lambda_init for v in axes["lambda_init"].values
    ]
    assert starts == [
        LambdaInit.PAPER,
        LambdaInit(mu=-2.0, sigma=-2.0, gamma=-2.0, beta=-2.0),
        LambdaInit(mu=1.0, sigma=-math.inf),
    ]
    assert axes["lr"].range.log
    assert [value.label for value in axes["part"].values] == ["whole", "only rescaling"]
    assert axes["part"].values[0].settings == {}


def test_json_and_back(tmp_path):
    path = tmp_path / "sweep.toml"
    path.write_text(FILE.replace("seeds = 3", "seeds = [0, 7]\nsamples = 5"))
    spec = read_spec(path)
    assert SweepSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec


def test_a_range_by_its_logarithm_is_even_in_powers():
    spec = spec_of(axes={"lr": {"low": 0.001, "high": 1.0, "log": True}}, samples=2)
    found = spec.axes[0].range
    assert [found.at(share) for share in (0, 1 / 3, 2 / 3, 1)] == [0.001, 0.01, 0.1, 1.0]
    whole = spec_of(axes={"batch_size": {"low": 2, "high": 64}}, samples=2).axes[0]
    assert whole.value_of(whole.range.at(0.5)).settings == {"batch_size": 33}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"axes": {}}, "at least one axis, got none"),
        ({"axes": {"lr": []}}, "the axis lr is empty: give it one or more values"),
        ({"axes": {"lr": 0.1}}, "the axis lr is a list of values, or low and high; got 0.1"),
        ({"axes": {"lr": [0.1, 0.1]}}, "the axis lr has 0.1 twice"),
        ({"axes": {"lr": [50]}}, "lr must be a number from 1e-05 to 10, got 50"),
        ({"axes": {"pace": [1]}}, "'pace' is no setting: .*label.*known settings: dataset"),
        ({"axes": {"part": [{"label": "x", "pace": 1}]}}, "unknown setting 'pace'"),
        ({"axes": {"lambda_init": ["wide"]}}, "one of paper, reference, open, off, a logit"),
        ({"axes": {"seed": [1, 2]}}, "seeds are no axis"),
        ({"axes": {"lr": {"low": 1, "high": 2}}}, "is a range, which is drawn from: say samples"),
        ({"axes": {"lr": {"low": 2, "high": 1}}, "samples": 3}, "low below high"),
        ({"axes": {"norm": {"low": 0, "high": 1}}, "samples": 3}, "of a setting that is a number"),
        ({"axes": {"lr": {"low": 0.1, "hgih": 1}}, "samples": 3}, "takes low, high and log"),
        ({"base": {"epochs": 0}}, "epochs must be a whole number from 1"),
        ({"base": 3}, "base and axes are tables"),
        ({"seeds": 0}, "one or more different numbers, got"),
        ({"seeds": [1, 1]}, "one or more different numbers, got"),
        ({"max_runs": 0}, "max_runs must be a whole number of 1 or more, got 0"),
        ({"samples": -1}, "samples must be a whole number of 0 or more, got -1"),
        ({"sample": 3}, "unknown entry 'sample'; known: axes, base"),
        ({"version": 9}, "sweep version 9 is not 1"),
    ],
)
def test_bad_input_is_one_line(changes, words):
    with pytest.raises(ValueError, match=words) as error:
        spec_of(**changes)
    assert "\n" not in str(error.value)


def test_a_file_that_is_no_toml_is_named(tmp_path):
    path = tmp_path / "sweep.toml"
    path.write_text("axes = [")
    with pytest.raises(ValueError, match=r"sweep.toml is not TOML"):
        read_spec(path)
    path.write_text("seeds = 2")
    with pytest.raises(ValueError, match=r"sweep.toml: a sweep needs at least one axis"):
        read_spec(path)
