import json
import math
from dataclasses import replace

import pytest

from afn import NORMS, LambdaInit, TrainConfig
from afn.backbones import BACKBONES
from afn.engine.ready import check_ready
from afn.settings.backbones import BACKBONE_NAMES
from afn.settings.config import SETTINGS
from afn.settings.corruptions import CORRUPTION_NAMES, LIVE_CORRUPTIONS
from afn.settings.fitting import check_against_data, check_corruptible, check_steps
from afn.settings.norms import NORM_NAMES


def test_names_are_those_of_the_registries():
    assert set(NORM_NAMES) == set(NORMS)
    assert set(BACKBONE_NAMES) == set(BACKBONES)


def test_live_runs_test_six_corruptions_unless_told_otherwise():
    assert TrainConfig().corruptions == LIVE_CORRUPTIONS
    assert len(LIVE_CORRUPTIONS) == 6
    assert TrainConfig(corruptions=CORRUPTION_NAMES).corruptions == CORRUPTION_NAMES


@pytest.mark.parametrize("init", LambdaInit.PRESETS.values(), ids=LambdaInit.PRESETS)
def test_json_round_trip(init):
    config = TrainConfig(
        lambda_init=init, widths=(3, 5), stan_width=7, eval_stats="running", norm_eps=1e-6
    )
    text = json.dumps(config.to_json(), allow_nan=False)
    assert TrainConfig.from_json(json.loads(text)) == config


def test_settings_that_are_added_later_do_not_change_the_hash(monkeypatch):
    before = TrainConfig(lr=0.1).hash()
    whole = TrainConfig.to_json
    monkeypatch.setattr(TrainConfig, "to_json", lambda self: {**whole(self), "warmup": 0})
    assert TrainConfig(lr=0.1).hash() == before


def test_settings_that_were_added_left_the_hashes_of_before():
    """As they were before the rates of the networks, rsc and norm_eps."""
    assert TrainConfig().hash() == "7674a781fc"
    assert TrainConfig(norm="bn", lr=0.1, weight_decay=5e-4).hash() == "c033a2a8cc"


def test_hash_names_the_configuration():
    assert TrainConfig().hash() == TrainConfig().hash()
    assert TrainConfig().hash() != TrainConfig(seed=1).hash()
    assert TrainConfig(lambda_init=LambdaInit.OFF).hash() != TrainConfig().hash()


LIMITS = {
    name: setting.bounds
    for name, setting in SETTINGS.items()
    if setting.kind in ("whole", "number") and setting.default is not None
}


@pytest.mark.parametrize("name", LIMITS)
def test_each_limit_is_checked_at_both_ends(name):
    low, high = LIMITS[name]
    kind = type(getattr(TrainConfig(), name))
    assert getattr(replace(TrainConfig(), **{name: kind(low)}), name) == low
    assert getattr(replace(TrainConfig(), **{name: kind(high)}), name) == high
    for value in (low - 1, high * 2 + 1, math.nan, "64", True, None):
        with pytest.raises(ValueError, match=rf"^{name} must be a .*number from"):
            replace(TrainConfig(), **{name: value})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"norm": "batch"}, "unknown norm 'batch'; known: afn"),
        ({"backbone": "vgg"}, "unknown backbone 'vgg'; known: convnet"),
        ({"corruptions": ("rain",)}, "unknown corruption 'rain'"),
        ({"augment": "rotate"}, "unknown augment 'rotate'; known: none, crop_flip, corruptions"),
        ({"lr_schedule": "step"}, "unknown lr_schedule 'step'; known: constant, cosine"),
        ({"eval_stats": "mean"}, "unknown eval_stats 'mean'"),
        ({"widths": ()}, "widths must be 1 to 4"),
        ({"widths": (0,)}, "widths must be 1 to 4"),
        ({"stan_width": 0}, "stan_width must be"),
        ({"norm_eps": 0.0}, r"norm_eps must be a number from 1e-12 to 1 or None, got 0"),
        ({"norm_eps": "1e-6"}, "norm_eps must be a number"),
        ({"norm_eps": True}, "norm_eps must be a number"),
        ({"norm_eps": math.nan}, "norm_eps must be a number"),
        ({"stat_dropout": 0.3, "adaptive": False}, "encoder-decoder, which is disabled"),
    ],
)
def test_bad_values_say_what_was_expected(values, message):
    with pytest.raises(ValueError, match=message):
        TrainConfig(**values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"version": 99}, "version 99 is not 1"),
        ({"learning_rate": 1}, "unknown setting 'learning_rate'; known: .*lr"),
        ({"widths": 3}, "wrong kind"),
        ({"lambda_init": {"nu": 1}}, "wrong kind"),
    ],
)
def test_foreign_json_is_refused(values, message):
    with pytest.raises(ValueError, match=message):
        TrainConfig.from_json(values)


def test_statistics_mode_is_always_named():
    assert TrainConfig(norm="bn").statistics == "running"
    assert TrainConfig(norm="bn", eval_stats="batch").statistics == "test batch of 128"
    assert TrainConfig(norm="afn").statistics == "test batch of 128"
    assert TrainConfig(norm="afn", eval_stats="running").statistics == "running"
    assert TrainConfig(norm="asrnorm").statistics == "per image"


def test_too_little_data_is_told():
    with pytest.raises(ValueError, match="batch size 64 is above the 32 training images"):
        check_against_data(TrainConfig(), 32, 28)
    with pytest.raises(ValueError, match="4 blocks halve 8 pixels"):
        check_against_data(TrainConfig(widths=(1, 1, 1, 1)), 4000, 8)


@pytest.mark.parametrize("augment", ["corruptions", "crop_flip_corruptions"])
def test_images_that_training_cannot_corrupt_are_told_before_it_begins(augment):
    config = TrainConfig(augment=augment, corruptions=())
    check_corruptible(config, 8)
    check_corruptible(TrainConfig(augment="crop_flip", corruptions=()), 6)
    with pytest.raises(ValueError, match=r"at least 8 pixels, mnist5k has 6: .* neither train nor"):
        check_corruptible(config, 6)


def test_epochs_that_the_limit_of_steps_cuts_short_are_refused():
    config = TrainConfig(dataset="cifar10", batch_size=2, epochs=10)
    assert config.num_steps(25_000) == 125_000
    check_steps(config, 20_001)  # 100,000 steps: the limit itself
    with pytest.raises(ValueError, match=r"^10 epochs of cifar10 in batches of 2 take 100,010 ste"):
        check_steps(config, 20_002)
    check_steps(replace(config, train_images=20_000), 25_000)
    check_steps(replace(config, max_steps=1_000_000), 25_000)


@pytest.mark.parametrize("chosen", [99_999, 100_001])
def test_a_limit_that_was_chosen_may_cut_short_except_what_is_to_come_to_its_end(chosen):
    config = TrainConfig(dataset="digits8", batch_size=1, epochs=100)  # 143,700 steps
    with pytest.raises(ValueError, match=r"the limit is 100,000: raise max_steps, or take fewer"):
        check_ready(config)
    check_ready(replace(config, max_steps=chosen))
    check_ready(config, goes_on=True)
    with pytest.raises(ValueError, match=rf"the limit is {chosen:,}"):
        check_ready(replace(config, max_steps=chosen), to_its_end=True)


def test_batch_of_one_is_warned_about_where_it_matters():
    assert "batch of one" in TrainConfig(norm="bn", batch_size=1).warnings()[0]
    assert TrainConfig(norm="asrnorm", batch_size=1).warnings() == []
