"""A comparison and its link: what goes out comes back, and nonsense is told in one line each."""

import math
import random
import re
from urllib.parse import parse_qs, urlencode

import pytest

from afn.settings.backbones import BACKBONE_NAMES
from afn.settings.config import TrainConfig
from afn.settings.fitting import check_against_data
from afn.settings.lambda_init import LambdaInit
from afn.settings.norms import ADAPTIVE_NORMS, NORM_NAMES
from app.kit.comparison import (
    MAX_CONTENDERS,
    PRESETS,
    default_comparison,
    from_url,
    labels,
    lambda_start,
    share,
    to_url,
)

CONTEXTUAL_NORMS = tuple(norm for norm in NORM_NAMES if norm not in ADAPTIVE_NORMS)


def through_a_link(comparison):
    """The comparison as a browser would hand it over, and what could not be had."""
    return from_url(parse_qs(urlencode(to_url(comparison), doseq=True)))


def random_lambda_init(draw):
    if draw.random() < 0.5:
        return draw.choice(list(LambdaInit.PRESETS.values()))
    logits = {name: draw.uniform(-9, 4) for name in ("mu", "sigma", "gamma", "beta")}
    if draw.random() < 0.3:
        logits[draw.choice(list(logits))] = -math.inf
    return LambdaInit(**logits, rescale_gate=draw.choice(["sigmoid", "linear"]))


def random_contender(draw, shared):
    if draw.random() < 0.4:
        stats = draw.choice([None, "batch", "running"])
        return TrainConfig(norm=draw.choice(CONTEXTUAL_NORMS), eval_stats=stats, **shared)
    adaptive = draw.random() < 0.7
    frozen = adaptive and draw.random() < 0.3
    return TrainConfig(
        norm=draw.choice(ADAPTIVE_NORMS),
        lambda_init=random_lambda_init(draw),
        stan_width=draw.choice([None, draw.randint(1, 1024)]),
        rescale_width=draw.choice([None, draw.randint(1, 1024)]),
        adaptive=adaptive,
        frozen_networks=frozen,
        stat_dropout=draw.uniform(0, 0.9) if adaptive and not frozen else 0.0,
        formula=draw.choice(["paper", "reference"]),
        eval_stats=draw.choice([None, "batch", "running"]),
        **shared,
    )


def random_comparison(seed):
    draw = random.Random(seed)
    shared = {
        "dataset": draw.choice(["mnist5k", "digits8", "pacs/art_painting"]),
        "backbone": draw.choice(BACKBONE_NAMES),
        "widths": tuple(draw.randint(1, 512) for _ in range(draw.randint(1, 4))),
        "batch_size": draw.randint(1, 512),
        "lr": draw.choice([0.05, 1e-5, draw.uniform(1e-5, 10)]),
        "momentum": draw.uniform(0, 0.999),
        "lambda_lr_factor": draw.choice([0.0, 1.0, draw.uniform(0, 1000)]),
        "epochs": draw.randint(1, 200),
        "seed": draw.randrange(2**31),
        "severity": draw.randint(1, 5),
    }
    return tuple(random_contender(draw, shared) for _ in range(draw.randint(1, MAX_CONTENDERS)))


# -- links ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_survives_its_link(name):
    assert through_a_link(PRESETS[name].comparison) == (PRESETS[name].comparison, [])


def test_any_legal_comparison_survives_its_link():
    for seed in range(500):
        comparison = random_comparison(seed)
        assert through_a_link(comparison) == (comparison, []), f"random_comparison({seed})"


def test_defaults_leave_the_address_empty():
    assert to_url(default_comparison()) == {}
    assert from_url({}) == (default_comparison(), [])


def test_only_what_differs_is_in_the_address():
    comparison = share(default_comparison(), lr=0.1)[:1]
    assert to_url(comparison) == {"lr": "0.1", "c": ["afn"]}


def test_foreign_parameters_are_ignored_and_the_last_of_several_counts():
    url = {"utm_source": ["mail"], "run": ["x"], "bs": ["8", "16"]}
    assert from_url(url) == (share(default_comparison(), batch_size=16), [])


NONSENSE = {
    "bs=9999": ("batch_size must be a whole number from 1 to 512", "default"),
    "bs=": ("expected a whole number", "default"),
    "bs=12.5": ("expected a whole number", "default"),
    "lr=abc": ("expected a number", "default"),
    "lr=nan": ("lr must be a number", "default"),
    "lr=-1": ("lr must be a number", "default"),
    "momentum=inf": ("momentum must be a number", "default"),
    "seed=-1": ("seed must be a whole number", "default"),
    "sev=6": ("severity must be a whole number from 1 to 5", "default"),
    "net=vgg": ("known: convnet, resnet8, resnet20", "default"),
    "net=%0A%0A": ("known: convnet", "default"),
    "widths=0": ("widths must be", "default"),
    "widths=a-b": ("expected a whole number", "default"),
    "widths=1-2-3-4-5": ("widths must be 1 to 4", "default"),
    "epochs=λ½": ("expected a whole number", "default"),
    "c=bogus": ("known: afn, asrnorm, bn", "left out"),
    "c=": ("unknown norm", "left out"),
    "c=ＡＦＮ": ("unknown norm", "left out"),
    "c=afn~foo_1": ("known: lambda, stan", "left out"),
    "c=afn~lambda_1_2": ("four logits", "left out"),
    "c=afn~lambda_1_2_3_linear": ("linear", "left out"),
    "c=afn~lambda_1_2_3_4_5": ("four logits", "left out"),
    "c=afn~lambda_1_2_3_4_5_linear": ("four logits", "left out"),
    "c=afn~lambda_nan_0_0_0": ("finite logit", "left out"),
    "c=afn~lambda_warm": ("paper, reference, open, off", "left out"),
    "c=afn~stan_0": ("stan_width must be", "left out"),
    "c=afn~dropout_0.5~ed_off": ("encoder-decoder", "left out"),
    "c=afn~frozen_yes": ("the frozen networks are on or off, not 'yes'", "left out"),
    "c=afn~ed_maybe": ("on or off", "left out"),
    "c=afn~formula_mine": ("paper, reference", "left out"),
    "c=bn~stats_mine": ("batch, running", "left out"),
    "c=afn&c=bn&c=in&c=gn&c=ln&c=none": ("names 6 contenders", "first 4 are used"),
    f"net={'v' * 5000}": ("unknown backbone", "default"),
    f"seed={'9' * 4000}": ("seed", "default"),
    f"bs={'9' * 5000}": ("expected a whole number", "default"),
    f"c={'é' * 5000}": ("unknown norm", "left out"),
    f"c=afn~stan_{'9' * 4000}": ("stan_width", "left out"),
    f"c=afn~{'z' * 5000}_1": ("unknown option", "left out"),
}


@pytest.mark.parametrize("query", NONSENSE, ids=lambda query: query[:24])
def test_nonsense_in_a_link_is_one_short_line_and_the_rest_is_legal(query):
    clue, remedy = NONSENSE[query]
    comparison, [line] = from_url(parse_qs(query, keep_blank_values=True))
    assert clue in line
    assert remedy in line
    assert "\n" not in line
    assert len(line) < 300
    assert 1 <= len(comparison) <= MAX_CONTENDERS
    assert through_a_link(comparison) == (comparison, [])


def test_every_problem_has_its_line_and_what_is_sound_is_kept():
    url = {"bs": ["9999"], "lr": ["abc"], "epochs": ["2"], "c": ["bogus", "gn"]}
    comparison, lines = from_url(url)
    assert comparison == (TrainConfig(norm="gn", epochs=2),)
    assert [line.split(":")[0] for line in lines] == [
        "In the link, bs=9999",
        "In the link, lr=abc",
        "In the link, c=bogus",
    ]


def test_where_no_contender_is_left_the_default_ones_take_the_shared_settings():
    comparison, _ = from_url({"c": ["bogus"], "data": ["digits8"], "lr": ["0.1"]})
    assert comparison == share(default_comparison(), dataset="digits8", lr=0.1)


# -- names ---------------------------------------------------------------------------------------

AFN, BN = TrainConfig(norm="afn"), TrainConfig(norm="bn")


@pytest.mark.parametrize(
    ("comparison", "expected"),
    [
        (default_comparison(), ["AFN", "ASRNorm", "BN"]),
        ((BN, BN), ["BN #1", "BN #2"]),
        (
            (TrainConfig(norm="afn", lambda_init=LambdaInit.OPEN), AFN, BN),
            ["AFN (λ open)", "AFN (λ paper)", "BN"],
        ),
        (
            (AFN, TrainConfig(lambda_init=LambdaInit(mu=-1.5, gamma=0.5, rescale_gate="linear"))),
            ["AFN (λ paper)", "AFN (λ -1.5 -3 0.5 -5 linear)"],
        ),
        ((AFN, TrainConfig(norm="afn", adaptive=False)), ["AFN", "AFN (no enc-dec)"]),
        (
            (TrainConfig(norm="bn", eval_stats="batch"), BN, BN),
            ["BN (test batch of 128)", "BN (running) #1", "BN (running) #2"],
        ),
        (
            (AFN, TrainConfig(norm="afn", stan_width=4, stat_dropout=0.3)),
            ["AFN (stan C/2, dropout 0)", "AFN (stan 4, dropout 0.3)"],
        ),
        (
            (BN, TrainConfig(norm="bn", seed=1, batch_size=4)),
            ["BN (batch 64, seed 0)", "BN (batch 4, seed 1)"],
        ),
    ],
    ids=lambda value: ", ".join(value) if isinstance(value[0], str) else "",
)
def test_labels_say_what_tells_contenders_apart(comparison, expected):
    assert labels(comparison) == expected


def test_labels_are_unique_whatever_is_compared():
    for seed in range(500):
        names = labels(random_comparison(seed))
        assert len(set(names)) == len(names), f"random_comparison({seed}): {names}"


@pytest.mark.parametrize(
    ("name", "statistics", "rescaling"),
    [
        ("paper", 0.047426, 0.006693),
        ("reference", 0.511854, 0.006693),
        ("open", 0.5, 0.5),
        ("off", 0, 0),
    ],
)
def test_the_start_of_lambda_is_what_the_layer_will_have(name, statistics, rescaling):
    expected = {"mu": statistics, "sigma": statistics, "gamma": rescaling, "beta": rescaling}
    assert lambda_start(LambdaInit.PRESETS[name]) == pytest.approx(expected, abs=1e-6)


# -- presets -------------------------------------------------------------------------------------


def test_the_presets_are_those_that_the_app_promises():
    names = ["pale", "paper", "moving", "reference", "open", "off", "batch4", "no-networks"]
    assert list(PRESETS) == names
    starts = {name: preset.comparison[0].lambda_init for name, preset in PRESETS.items()}
    assert {name: starts[name] for name in LambdaInit.PRESETS} == LambdaInit.PRESETS
    assert {config.batch_size for config in PRESETS["batch4"].comparison} == {4}
    assert any(not config.adaptive for config in PRESETS["no-networks"].comparison)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=list(PRESETS))
def test_a_preset_fits_its_data_and_says_what_to_expect(preset):
    sentences = re.findall(r"[.!?](?=\s+[A-ZΑ-ω]|$)", preset.expectation)
    assert len(sentences) in (1, 2)
    assert "xpect" in preset.expectation
    assert len(preset.comparison) <= MAX_CONTENDERS
    for config in preset.comparison:
        check_against_data(config, num_train=4000, image_side=28)  # mnist5k's
        assert config.dataset == "mnist5k"
        assert config.warnings() == []


def test_former_links_with_a_lambda_from_0_95_open_with_it():
    """A lesson called it "wide open" before the preset of 0.5 alone was."""
    [config], problems = from_url({"c": ["afn~lambda_3_3_3_3"]})
    assert problems == []
    assert config.lambda_init == LambdaInit(mu=3.0, sigma=3.0, gamma=3.0, beta=3.0)
    assert [*lambda_start(config.lambda_init).values()] == pytest.approx([0.9526] * 4, abs=1e-4)
    [preset], problems = from_url({"c": ["afn~lambda_open"]})
    assert problems == []
    assert set(lambda_start(preset.lambda_init).values()) == {0.5}
