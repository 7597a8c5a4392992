"""Which models are trained, from what, and what they are asked afterwards. Needs no torch.

- **digits**: ConvNet, one domain trains and all are tested, both channel settings of the paper,
  three seeds. The reference protocol (SGD, 30 epochs, no augmentation), with these departures: SYN
  by our recipe takes SVHN's place; MNIST trains with its first 10,000 images, as many as MNIST-M
  has here, so that no domain has much more to learn from than another; each domain keeps its own
  size (USPS 16×16, the others 28×28), to which test images are brought, instead of one size for
  all; the learning rate, the batch size and the ConvNet are this program's defaults, the same for
  every domain and norm.
- **cifar10**: ResNet-20, crop and flip, cosine, weight decay, 25 epochs on 25,000 images.
- **pacs**: ResNet-8 from scratch on 64×64, one domain trains and all are tested; nothing to compare
  with published figures, which come from pretrained networks at 224×224.
- **lambda**: AFN with other starts of λ, and without its networks ("plain"), on MNIST in grey and
  CIFAR-10, besides as the models above; on CIFAR-10 one seed.
- **deciding**: what AFN's networks are worth, see docs/experiments.md. ResNet-8 on CIFAR-10, ten
  epochs, with and without corruptions among the training images ("aug"): BN, ASRNorm, AFN; AFN
  whose networks learn ("learn": their learning rate 50 times, λ's 100 times, no weight decay on
  them), and the same with frozen networks ("frozen"). Three seeds, and eight of BN, learn and
  frozen, which decide.
- **mnist5k**: the embedded digits, so that there is something to open without any data.

No model is chosen by its test accuracy: the last epoch's weights count.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any, Literal

from afn.engine.config import SWITCHABLE_NORMS, TrainConfig
from afn.grids.records import Networks
from afn.lambda_init import LambdaInit

DIGITS = ("mnist", "mnistm", "usps", "syn")
EMBEDDED = ("mnist5k", "digits8", "mnistm5k", "syn")
PACS = ("pacs/art_painting", "pacs/cartoon", "pacs/photo", "pacs/sketch")
NORMS = ("bn", "afn", "asrnorm")
_COLOUR = ("mnistm", "syn")
_SETTINGS = {"rgb": "channels increased", "grey": "channels reduced"}
_VARIANTS: dict[str, dict[str, Any]] = {
    "reference": {"lambda_init": LambdaInit.REFERENCE},
    "open": {"lambda_init": LambdaInit.OPEN},
    "plain": {"adaptive": False},
}


_LEARNS: dict[str, Any] = {
    "lambda_lr_factor": 100.0,
    "network_lr_factor": 50.0,
    "network_decay_factor": 0.0,
}
"""Under which AFN's networks learn; under the protocol alone they stay where they start."""
_ARMS = ("bn", "afn-frozen", "afn-learn", "afn", "asrnorm")
_DECIDING = _ARMS[:3]


@dataclass(frozen=True, kw_only=True, slots=True)
class Mode:
    """How a trained model is set when it is asked."""

    stats: Literal["running", "batch"] | None = None
    """Whose statistics its norms use; None where they have no choice."""
    networks: Networks = "on"


@dataclass(frozen=True, kw_only=True, slots=True)
class Spec:
    """One model to be trained and tested."""

    name: str
    """As in `mnist-rgb-afn`; seeds but the first end in -s1, -s2."""
    group: str
    """digits, cifar10, deciding, pacs, lambda or mnist5k."""
    config: TrainConfig
    domains: tuple[str, ...]
    """Whose clean test images it is asked."""
    domain_images: int
    """At most so many of each."""
    grid_images: int = 0
    """So many test images of its own data set under 19 corruptions × 5 severities; 0: none."""
    setting: str = ""
    """The paper's setting of channels, where there are two."""

    @property
    def is_shipped(self) -> bool:
        """Whether its weights are kept in the repository, not only its results."""
        return self.config.seed == 0

    def modes(self) -> Iterator[Mode]:
        """Each statistics mode that its norm has; measuring its input also frozen and without."""
        if self.config.norm not in SWITCHABLE_NORMS:
            own = Mode()
        else:
            yield Mode(stats="running")
            own = Mode(stats="batch")
        yield own
        if self.config.is_adaptive:
            if not self.config.frozen_networks:
                yield replace(own, networks="frozen")
            yield replace(own, networks="off")


def chosen(patterns: Iterable[str]) -> list[Spec]:
    """The planned models whose names match, in the plan's order.

    Args:
        patterns: Names, or patterns as the shell has them: ``cifar10-*``.

    Raises:
        ValueError: One of them matches nothing.
    """
    patterns = list(patterns)
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in PLAN):
            first = ", ".join(name for name, spec in PLAN.items() if spec.is_shipped)
            raise ValueError(
                f"no planned model is called {pattern!r}; known: {first}; "
                f"further seeds end in -s1 and -s2"
            )
    return [
        spec
        for name, spec in PLAN.items()
        if any(fnmatchcase(name, pattern) for pattern in patterns)
    ]


_DIGIT_IMAGES = 10_000
"""At most so many images of a domain of digits train."""
_COMMON = TrainConfig(
    evals_per_epoch=1, eval_images=1000, corruptions=(), max_seconds=24 * 3600, max_steps=1_000_000
)


def _digits(form: str, norm: str, seed: int, domains: Sequence[str] = DIGITS) -> Iterator[Spec]:
    for domain in domains:
        is_native = (domain in _COLOUR) == (form == "rgb")
        yield Spec(
            name=_named(f"{domain}-{form}-{norm}", seed),
            group="digits",
            config=replace(
                _COMMON,
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


def _mnist5k(norm: str, seed: int) -> Spec:
    return Spec(
        name=_named(f"mnist5k-{norm}", seed),
        group="mnist5k",
        config=replace(_COMMON, dataset="mnist5k", norm=norm, epochs=30, seed=seed),
        domains=EMBEDDED,
        domain_images=1000,
        grid_images=500,
        setting=_SETTINGS["grey"],
    )


def _cifar10(norm: str, seed: int) -> Spec:
    return Spec(
        name=_named(f"cifar10-{norm}", seed),
        group="cifar10",
        config=replace(
            _COMMON,
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


def _deciding(arm: str, augment: str, seed: int) -> Spec:
    norm, _, variant = arm.partition("-")
    return Spec(
        name=_named(f"cifar10-r8-{'aug-' if augment else ''}{arm}", seed),
        group="deciding",
        config=replace(
            _cifar10(norm, seed).config,
            backbone="resnet8",
            epochs=10,
            augment="crop_flip_corruptions" if augment else "crop_flip",
            **_LEARNS if variant else {},
            frozen_networks=variant == "frozen",
        ),
        domains=("cifar10",),
        domain_images=10_000,
        grid_images=2000,
    )


def _pacs(norm: str, seed: int) -> Iterator[Spec]:
    for domain in PACS:
        yield Spec(
            name=_named(f"{domain.replace('/', '-')}-{norm}", seed),
            group="pacs",
            config=replace(
                _COMMON,
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


def _variants(base: Spec) -> Iterator[Spec]:
    stem = base.name.removesuffix(f"-s{base.config.seed}")
    for variant, changes in _VARIANTS.items():
        yield replace(
            base,
            name=_named(f"{stem}-{variant}", base.config.seed),
            group="lambda",
            config=replace(base.config, **changes),
        )


def _named(name: str, seed: int) -> str:
    return f"{name}-s{seed}" if seed else name


def _all() -> Iterator[Spec]:
    """In an order in which what is worth most comes first."""
    yield from (_mnist5k(norm, 0) for norm in NORMS)
    yield _cifar10("bn", 0)
    yield from _every_digit("rgb", 0)
    yield from (_cifar10(norm, 0) for norm in ("afn", "asrnorm"))
    for norm in NORMS:
        yield from _pacs(norm, 0)
    [mnist] = _digits("grey", "afn", 0, ["mnist"])
    yield from _variants(mnist)
    yield from _variants(_cifar10("afn", 0))
    yield from _every_digit("grey", 0)
    yield from (_mnist5k(norm, seed) for seed in (1, 2) for norm in NORMS)
    yield from _every_digit("rgb", 1)
    yield from (_cifar10(norm, 1) for norm in NORMS)
    for norm in NORMS:
        yield from _pacs(norm, 1)
    for seed in range(8):
        for arm in _ARMS if seed < 3 else _DECIDING:
            yield from (_deciding(arm, augment, seed) for augment in ("", "aug"))
    for form, seed in (("grey", 1), ("rgb", 2), ("grey", 2)):
        yield from _every_digit(form, seed)
    yield from (_cifar10(norm, 2) for norm in NORMS)
    for norm in NORMS:
        yield from _pacs(norm, 2)
    for seed in (1, 2):
        [mnist] = _digits("grey", "afn", seed, ["mnist"])
        yield from _variants(mnist)


def _every_digit(form: str, seed: int) -> Iterator[Spec]:
    for norm in (*NORMS, "bin"):
        yield from _digits(form, norm, seed)


PLAN: dict[str, Spec] = {spec.name: spec for spec in _all()}
"""All models by name, in the order in which they are trained."""
