from collections import Counter
from dataclasses import replace

import pytest

from afn import LambdaInit
from afn.data import catalogue, dataset_entry
from afn.data.domains import single_source
from afn.pretrained.families import DIGITS, EMBEDDED, PACS
from afn.pretrained.plan import PLAN, chosen
from afn.settings.norms import NORM_NAMES

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


def test_experiments_differ_in_what_they_are_called_after():
    afn, learns = PLAN["cifar10-r8-afn"].config, PLAN["cifar10-r8-afn-learn"].config
    for norm in ("bn", "afn", "asrnorm"):
        base = PLAN[f"cifar10-r8-{norm}"].config
        for size, rate in ((2, 0.0015625), (8, 0.00625), (32, 0.025)):
            made = PLAN[f"cifar10-batch{size}-{norm}"].config
            assert made == replace(base, batch_size=size, lr=rate)
            assert made.num_steps(25_000) * size == pytest.approx(250_000, rel=0.01)
    for name, logit in (("minus8", -8.0), ("minus5", -5.0), ("zero", 0.0), ("plus3", 3.0)):
        start = LambdaInit(mu=logit, sigma=logit, gamma=-5.0, beta=-5.0)
        assert PLAN[f"cifar10-start-afn-{name}"].config == replace(afn, lambda_init=start)
    assert PLAN["cifar10-r8-afn-plain"].config == replace(afn, adaptive=False)
    for stan in (2, 8, 16):
        for rescale in (2, 16):
            assert PLAN[f"cifar10-wide-afn-c{stan}-c{rescale}"].config == replace(
                learns, backbone="convnet", widths=(64, 128), stan_ratio=stan,
                rescale_ratio=rescale,
            )  # fmt: skip
    for equations in ("cifar10-r8-afn", "mnist-grey-afn"):
        assert PLAN[f"{equations}-code"].config == replace(
            PLAN[equations].config, formula="reference", lambda_init=LambdaInit.REFERENCE,
            stat_dropout=0.3, norm_eps=1e-6,
        )  # fmt: skip


def test_pacs_from_imagenets_weights_is_tested_on_what_did_not_train():
    specs = of_group("imagenet")
    assert Counter((s.config.norm, s.config.seed) for s in specs) == {
        (norm, seed): 8 for norm in ("bn", "asrnorm", "afn") for seed in range(3)
    }
    for spec in specs:
        trains = set(spec.config.dataset.split("+"))
        assert len(trains) in (1, 3)
        assert trains | set(spec.domains) == set(PACS)
        assert not trains & set(spec.domains)
        assert (spec.config.backbone, spec.config.rsc) == ("efficientnet_lite0", 0.333)
        assert not spec.is_shipped


def test_experiments_are_made_in_rounds():
    """Each once before any twice, all before the deciding comparison's fourth seed."""
    others = [s for s in PLAN.values() if not s.keeps_weights]
    assert [s.config.seed for s in others] == sorted(s.config.seed for s in others)
    order = list(PLAN)
    first, last = order.index(others[0].name), order.index(others[-1].name)
    assert order.index("cifar10-r8-asrnorm-s2") < first
    assert last < order.index("cifar10-r8-bn-s3")


def test_embedded_models_need_no_data():
    here = {spec.config.norm for spec in of_group("mnist5k", SHIPPED)}
    assert here == set(NORM_NAMES)
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
