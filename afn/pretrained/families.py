"""The digits, CIFAR-10 and PACS from scratch, and other starts of λ, as models. Needs no torch."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from afn.pretrained.spec import Spec
from afn.settings.config import TrainConfig
from afn.settings.lambda_init import LambdaInit
from afn.settings.norms import NORM_NAMES

DIGITS = ("mnist", "mnistm", "usps", "syn")
EMBEDDED = ("mnist5k", "digits8", "mnistm5k", "syn")
PACS = ("pacs/art_painting", "pacs/cartoon", "pacs/photo", "pacs/sketch")
NORMS = ("bn", "afn", "asrnorm")
ALL_NORMS = (*NORMS, *(name for name in NORM_NAMES if name not in NORMS))
"""The three that are compared everywhere, and then the others, which learn the embedded digits."""
_COLOUR = ("mnistm", "syn")
_SETTINGS = {"rgb": "channels increased", "grey": "channels reduced"}
_VARIANTS: dict[str, dict[str, Any]] = {
    "reference": {"lambda_init": LambdaInit.REFERENCE},
    "open": {"lambda_init": LambdaInit.OPEN},
    "plain": {"adaptive": False},
}
_DIGIT_IMAGES = 10_000
"""At most so many images of a domain of digits train."""
COMMON = TrainConfig(
    evals_per_epoch=1, eval_images=1000, corruptions=(), max_seconds=24 * 3600, max_steps=1_000_000
)


def digits(form: str, norm: str, seed: int, domains: Sequence[str] = DIGITS) -> Iterator[Spec]:
    """ConvNet, each domain trains; form is "grey" or "rgb"."""
    for domain in domains:
        is_native = (domain in _COLOUR) == (form == "rgb")
        yield Spec(
            name=named(f"{domain}-{form}-{norm}", seed),
            group="digits",
            config=replace(
                COMMON,
                dataset=domain if is_native else f"{domain}@{form}",
                norm=norm,
                epochs=30,
                seed=seed,
                train_images=_DIGIT_IMAGES,
            ),
            domains=DIGITS,
            domain_images=2000,
            grid_images=500 if seed == 0 else 0,
            setting=_SETTINGS[form],
        )


def mnist5k(norm: str, seed: int) -> Spec:
    """ConvNet on the embedded digits."""
    return Spec(
        name=named(f"mnist5k-{norm}", seed),
        group="mnist5k",
        config=replace(COMMON, dataset="mnist5k", norm=norm, epochs=30, seed=seed),
        domains=EMBEDDED,
        domain_images=1000,
        grid_images=500,
        setting=_SETTINGS["grey"],
    )


def cifar10(norm: str, seed: int) -> Spec:
    """ResNet-20."""
    return Spec(
        name=named(f"cifar10-{norm}", seed),
        group="cifar10",
        config=replace(
            COMMON,
            dataset="cifar10",
            norm=norm,
            backbone="resnet20",
            batch_size=128,
            lr=0.1,
            lr_schedule="cosine",
            weight_decay=5e-4,
            augment="crop_flip",
            epochs=25,
            seed=seed,
        ),
        domains=("cifar10",),
        domain_images=10_000,
        grid_images=2000,
    )


def pacs(norm: str, seed: int) -> Iterator[Spec]:
    """ResNet-8 from scratch, each domain trains."""
    for domain in PACS:
        yield Spec(
            name=named(f"{domain.replace('/', '-')}-{norm}", seed),
            group="pacs",
            config=replace(
                COMMON,
                dataset=domain,
                norm=norm,
                backbone="resnet8",
                batch_size=32,
                lr=0.05,
                lr_schedule="cosine",
                weight_decay=5e-4,
                augment="crop_flip",
                epochs=30,
                seed=seed,
            ),
            domains=PACS,
            domain_images=2000,
        )


def variants(base: Spec) -> Iterator[Spec]:
    """AFN with other starts of λ, and without its networks."""
    for variant, changes in _VARIANTS.items():
        yield replace(
            base,
            name=named(f"{base.stem}-{variant}", base.config.seed),
            group="lambda",
            config=replace(base.config, **changes),
        )


def named(stem: str, seed: int) -> str:
    """A model's name: every seed but the first at its end."""
    return f"{stem}-s{seed}" if seed else stem
