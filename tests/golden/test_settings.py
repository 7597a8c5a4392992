"""Configurations: their hashes, their JSON, and the command lines that say them."""

import json
import shlex
from dataclasses import replace

import pytest

from afn.engine.building import norm_options
from tests.golden.conftest import Golden
from tests.golden.names import (
    READY_MADE,
    LambdaInit,
    TrainConfig,
    arguments,
    ready_made_plan,
)

OTHERS = {
    "dataset": "digits8", "widths": (4,), "batch_size": 32, "lr": 0.1, "lr_schedule": "cosine",
    "momentum": 0.0, "weight_decay": 5e-4, "lambda_lr_factor": 10.0, "network_lr_factor": 50.0,
    "network_decay_factor": 0.0, "epochs": 7, "seed": 3, "augment": "crop_flip", "rsc": 1 / 3,
    "train_images": 500, "stan_width": 4, "rescale_width": 1, "stan_ratio": 8,
    "rescale_ratio": 32, "stat_dropout": 0.3, "adaptive": False, "frozen_networks": True,
    "formula": "reference", "norm_eps": 1e-6, "eval_stats": "running", "eval_images": 50,
    "eval_batch_size": 16, "evals_per_epoch": 0, "corruptions": ("fog", "snow"), "severity": 5,
    "test_domains": ("syn", "mnist@rgb"), "max_steps": 10, "max_seconds": 60.5,
}  # fmt: skip
"""Another value of every setting besides norm, backbone and the start of λ."""
NORMS = ("afn", "asrnorm", "bn", "in", "gn", "ln", "bin", "none")
BACKBONES = ("convnet", "resnet8", "resnet20", "efficientnet_lite0")
"""Those that are out there; what is added since is written down when it must no longer change."""
STARTS = {
    **LambdaInit.PRESETS,
    "some": LambdaInit(mu=-1.0, sigma=2.5),
    "frozen": LambdaInit(mu=float("-inf")),
    "linear": LambdaInit(gamma=-0.5, beta=0.25, rescale_gate="linear"),
}
SCRIPT = [
    (0, {"command": "set", "lr": 0.2}),
    (7, {"command": "set", "batch_size": 32}),
    (9, {"command": "set", "lambda": {"mu": 0.5, "gamma": -2.0}}),
    (11, {"command": "evaluate", "severity": 5}),
    (12, {"command": "stop"}),
]


def test_configurations_keep_their_names_their_json_and_their_arguments(golden: Golden) -> None:
    assert {*OTHERS, "norm", "backbone", "lambda_init"} == set(TrainConfig.__slots__)
    plain = TrainConfig()
    configs = [replace(plain, norm=name) for name in NORMS]
    configs += [replace(plain, backbone=name) for name in BACKBONES]
    configs += [replace(plain, lambda_init=start) for start in STARTS.values()]
    configs += [replace(plain, **{name: value}) for name, value in OTHERS.items()]
    configs += [replace(plain, corruptions=(), norm="bn", eval_stats="batch")]
    lines = [json.dumps(plain.to_json()), ""]
    for config in configs:
        lines += [
            f"{config.hash()} {config.run_id}  {json.dumps(config.changed())}",
            f"  {config.statistics}; {json.dumps(norm_options(config, 16), default=repr)}",
            f"  afn train {shlex.join(arguments(config))}",
        ]
        assert TrainConfig.from_json(json.loads(json.dumps(config.to_json()))) == config
    lines.append(f"  afn train {shlex.join(arguments(plain, SCRIPT))}")
    golden("configs.txt", "\n".join([*lines, ""]))


@pytest.mark.parametrize("record", [{}, {"version": 1}, {"norm": "bn", "widths": [8]}], ids=str)
def test_records_of_before_there_were_some_settings_are_read(record: dict[str, object]) -> None:
    assert TrainConfig.from_json(record).changed() == {
        name: value for name, value in record.items() if name != "version"
    }


def test_ready_made_sweeps_are_the_same_runs(golden: Golden) -> None:
    lines = []
    for name in READY_MADE:
        planned = ready_made_plan(name)
        lines += [f"{name}", f"  {' '.join(run.run_id for run in planned.runs)}"]
        lines += [f"  {line}" for line in planned.spec.to_toml().splitlines()]
    golden("sweeps.txt", "\n".join([*lines, ""]))
