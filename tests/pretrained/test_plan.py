from collections import Counter
from dataclasses import replace

import pytest

from afn import LambdaInit
from afn.data import catalogue, dataset_entry
from afn.data.domains import single_source
from afn.pretrained.plan import DIGITS, EMBEDDED, PACS, PLAN, chosen

SHIPPED = {name: spec for name, spec in PLAN.items() if spec.is_shipped}


def of_group(group, specs=PLAN):
    return [spec for spec in specs.values() if spec.group == group]


def test_every_model_has_one_name_that_says_its_seed():
    for name, spec in PLAN.items():
        seed = spec.config.seed
        assert spec.name == name
        assert name.endswith(f"-s{seed}") == (seed > 0)
        assert f"-{spec.config.norm}" in name
    assert len({spec.config for spec in PLAN.values()}) == len(PLAN)


def test_seeds_differ_in_nothing_else():
    for name, spec in PLAN.items():
        first = PLAN[name.removesuffix(f"-s{spec.config.seed}")]
        assert replace(spec.config, seed=0) == first.config
        assert (spec.domains, spec.domain_images) == (first.domains, first.domain_images)


def test_digits_are_the_papers_comparison_with_three_seeds():
    specs = of_group("digits")
    counts = Counter((s.setting, s.config.norm, s.config.seed) for s in specs)
    norms = ("bn", "asrnorm", "afn", "bin")
    assert counts == {
        (setting, norm, seed): len(DIGITS)
        for setting in ("channels reduced", "channels increased")
        for norm in norms
        for seed in range(3)
    }
    for spec in specs:
        assert (spec.config.epochs, spec.config.augment, spec.domains) == (30, "none", DIGITS)
        assert replace(spec.config, dataset="", norm="bn", seed=0) == replace(
            PLAN["mnist-rgb-bn"].config, dataset=""
        )


@pytest.mark.parametrize("setting", ["channels reduced", "channels increased"])
def test_digits_train_on_what_single_source_names(setting):
    entries = [catalogue()[name] for name in DIGITS]
    trained_on = {s.config.dataset for s in of_group("digits") if s.setting == setting}
    assert trained_on == single_source(entries, setting).keys()


def test_cifar_and_pacs_compare_three_norms_with_three_seeds():
    for group, domains in (("cifar10", ("cifar10",)), ("pacs", PACS)):
        assert Counter((s.config.norm, s.config.seed) for s in of_group(group)) == {
            (norm, seed): len(domains) for norm in ("bn", "asrnorm", "afn") for seed in range(3)
        }
        assert {s.config.dataset for s in of_group(group)} == set(domains)


def test_lambda_variants_differ_from_their_model_in_that_alone():
    for base in ("mnist-grey-afn", "cifar10-afn"):
        plain = PLAN[base].config
        assert PLAN[f"{base}-open"].config == replace(plain, lambda_init=LambdaInit.OPEN)
        assert PLAN[f"{base}-reference"].config == replace(plain, lambda_init=LambdaInit.REFERENCE)
        assert PLAN[f"{base}-plain"].config == replace(plain, adaptive=False)
        assert plain.lambda_init == LambdaInit.PAPER


def test_the_deciding_comparison_is_the_one_that_was_written_down():
    counts = Counter(
        (s.name.removesuffix(f"-s{s.config.seed}"), s.config.augment) for s in of_group("deciding")
    )
    seeds = {"bn": 8, "afn-frozen": 8, "afn-learn": 8, "afn": 3, "asrnorm": 3}
    plain = {(f"cifar10-r8-{arm}", "crop_flip"): num for arm, num in seeds.items()}
    assert counts == plain | {
        (f"cifar10-r8-aug-{arm}", "crop_flip_corruptions"): num for arm, num in seeds.items()
    }


def test_the_deciding_arms_differ_in_what_they_are_called_after():
    base = PLAN["cifar10-r8-afn"].config
    assert (base.backbone, base.epochs, base.frozen_networks) == ("resnet8", 10, False)
    learns = PLAN["cifar10-r8-afn-learn"].config
    assert learns == replace(
        base, network_lr_factor=50.0, lambda_lr_factor=100.0, network_decay_factor=0.0
    )
    assert PLAN["cifar10-r8-afn-frozen"].config == replace(learns, frozen_networks=True)
    assert PLAN["cifar10-r8-bn"].config == replace(base, norm="bn")
    assert PLAN["cifar10-r8-aug-asrnorm"].config == replace(
        base, norm="asrnorm", augment="crop_flip_corruptions"
    )


def test_embedded_models_need_no_data():
    here = {spec.config.norm for spec in of_group("mnist5k", SHIPPED)}
    assert here == {"bn", "asrnorm", "afn"}
    for name in EMBEDDED:
        assert dataset_entry(name).status == "embedded"


def test_norms_are_asked_in_every_statistics_mode_they_have():
    modes = {
        norm: [(mode.stats, mode.networks) for mode in PLAN[f"usps-rgb-{norm}"].modes()]
        for norm in ("bn", "afn", "asrnorm", "bin")
    }
    assert modes == {
        "bn": [("running", "on"), ("batch", "on")],
        "afn": [("running", "on"), ("batch", "on"), ("batch", "frozen"), ("batch", "off")],
        "asrnorm": [(None, "on"), (None, "frozen"), (None, "off")],
        "bin": [(None, "on")],
    }
    plain = [mode.networks for mode in PLAN["mnist-grey-afn-plain"].modes()]
    assert plain == ["on", "on"]  # it has none
    frozen = [mode.networks for mode in PLAN["cifar10-r8-afn-frozen"].modes()]
    assert frozen == ["on", "on", "off"]  # they are frozen as they are


def test_models_are_chosen_by_pattern_in_the_plans_order():
    assert [spec.name for spec in chosen(["cifar10-bn*", "mnist5k-bn"])] == [
        "mnist5k-bn", "cifar10-bn", "cifar10-bn-s1", "cifar10-bn-s2",
    ]  # fmt: skip
    with pytest.raises(ValueError, match=r"called 'vgg'; known: mnist5k-bn, .*end in -s1"):
        chosen(["cifar10-bn", "vgg"])
