"""Training on the real archives that AFN_DATA_DIR holds."""

import os

import pytest

from afn import TrainConfig, train

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif("AFN_DATA_DIR" not in os.environ, reason="AFN_DATA_DIR is not set"),
]


@pytest.mark.parametrize("dataset", ["mnist", "usps", "mnistm", "cifar10", "pacs/photo"])
@pytest.mark.parametrize("norm", ["afn", "asrnorm", "bn"])
def test_every_real_data_set_trains(dataset, norm):
    config = TrainConfig(dataset=dataset, norm=norm, max_steps=3, eval_images=64, corruptions=())
    losses = [event.values["loss"] for event in train(config) if event.kind == "step"]
    assert len(losses) == 3


@pytest.mark.parametrize("norm", ["afn", "asrnorm", "bn"])
def test_one_epoch_of_real_usps_is_learned(norm):
    config = TrainConfig(dataset="usps", norm=norm, epochs=1, evals_per_epoch=0, corruptions=())
    last = [event for event in train(config) if event.kind == "evaluation"][-1]
    assert last.values["n"] == 1000
    assert last.values["accuracy"] > 0.85
