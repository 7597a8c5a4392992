"""The experiments of docs/experiments.md, as models: what differs, all else alike. No torch.

Besides the deciding comparison they leave results, and of the first seed which images were right:
weights of all would be too much to carry.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from afn.pretrained.families import COMMON, NORMS, PACS, cifar10, named
from afn.pretrained.spec import Spec
from afn.settings.lambda_init import LambdaInit

LEARNS: dict[str, Any] = {
    "lambda_lr_factor": 100.0,
    "network_lr_factor": 50.0,
    "network_decay_factor": 0.0,
}
"""Under which AFN's networks learn; under the protocol alone they stay where they start."""
ARMS = ("bn", "afn-frozen", "afn-learn", "afn", "asrnorm")
DECIDING = ARMS[:3]
"""Of eight seeds instead of three."""
BATCH_SIZES = (32, 8, 2)
"""Besides 128, which the deciding comparison has; the quicker ones first."""
STARTS = {"minus8": -8.0, "minus5": -5.0, "zero": 0.0, "plus3": 3.0}
"""Logits of λ_μ and λ_σ, besides the paper's −3."""
WIDTHS = tuple((stan, rescale) for rescale in (16, 2) for stan in (2, 8, 16))
"""By what the channels are divided: standardization, rescaling; the paper's first."""
_CODE: dict[str, Any] = {
    "formula": "reference",
    "lambda_init": LambdaInit.REFERENCE,
    "stat_dropout": 0.3,
    "norm_eps": 1e-6,
}
"""What was published as code, where the equations differ from it."""


def deciding(arm: str, augment: str, seed: int) -> Spec:
    """ResNet-8 on CIFAR-10; section 1."""
    norm, _, variant = arm.partition("-")
    return Spec(
        name=named(f"cifar10-r8-{'aug-' if augment else ''}{arm}", seed),
        group="deciding",
        config=replace(
            cifar10(norm, seed).config,
            backbone="resnet8",
            epochs=10,
            augment="crop_flip_corruptions" if augment else "crop_flip",
            **LEARNS if variant else {},
            frozen_networks=variant == "frozen",
        ),
        domains=("cifar10",),
        domain_images=10_000,
        grid_images=2000,
    )


def batch_sizes(size: int, seed: int) -> Iterator[Spec]:
    """At equal numbers of images, the learning rate in proportion to the batch; section 2."""
    for norm in NORMS:
        base = deciding(norm, "", seed)
        rate = base.config.lr * size / base.config.batch_size
        yield _varied(base, f"cifar10-batch{size}-{norm}", "batch", batch_size=size, lr=rate)


def starts(seed: int) -> Iterator[Spec]:
    """λ_μ and λ_σ from other logits than the paper's; section 3."""
    for name, logit in STARTS.items():
        start = LambdaInit(mu=logit, sigma=logit)
        base = deciding("afn", "", seed)
        yield _varied(base, f"cifar10-start-afn-{name}", "lambda", lambda_init=start)


def without_networks(seed: int) -> Spec:
    """AFN whose encoder-decoder is disabled; section 4."""
    return _varied(deciding("afn", "", seed), "cifar10-r8-afn-plain", "lambda", adaptive=False)


def widths(seed: int) -> Iterator[Spec]:
    """ConvNet of 64 and 128 channels, networks that learn; section 5."""
    base = deciding("afn-learn", "", seed)
    for stan, rescale in WIDTHS:
        yield _varied(
            base, f"cifar10-wide-afn-c{stan}-c{rescale}", "widths",
            backbone="convnet", widths=(64, 128), stan_ratio=stan, rescale_ratio=rescale,
        )  # fmt: skip


def published_code(equations: Spec) -> Spec:
    """As the code has it, where a model has the equations; section 6."""
    return _varied(equations, f"{equations.stem}-code", "code", **_CODE)


def imagenet(seed: int) -> Iterator[Spec]:
    """EfficientNet-Lite0 with RSC on PACS: one domain trains, then all but one; section 7."""
    for domain in PACS:
        others = [each for each in PACS if each != domain]
        name = domain.partition("/")[2]
        for norm in NORMS:
            yield _imagenet(name, norm, seed, domain, others)
            yield _imagenet(f"but-{name}", norm, seed, "+".join(others), [domain])


def _imagenet(name: str, norm: str, seed: int, trains: str, tested: list[str]) -> Spec:
    return Spec(
        name=named(f"imagenet-{name}-{norm}", seed),
        group="imagenet",
        config=replace(
            COMMON,
            dataset=trains,
            norm=norm,
            backbone="efficientnet_lite0",
            rsc=0.333,
            lr=0.004,
            batch_size=32,
            augment="crop_flip",
            epochs=5,
            seed=seed,
        ),
        domains=tuple(tested),
        domain_images=2000,
        keeps_weights=False,
    )


def _varied(base: Spec, stem: str, group: str, **changes: Any) -> Spec:
    return replace(
        base,
        name=named(stem, base.config.seed),
        group=group,
        config=replace(base.config, **changes),
        keeps_weights=False,
    )
