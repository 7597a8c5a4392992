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
- **batch**, **widths**, **code**, **imagenet**, and of **lambda** those on ResNet-8: the other
  experiments written down there, three seeds, in rounds: each model once before any twice.
- **mnist5k**: the embedded digits, so that there is something to open without any data: every norm
  that there is, each with the same settings, whether or not they suit it; three seeds.

No model is chosen by its test accuracy: the last epoch's weights count.
"""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from afn.pretrained.experiments import (
    ARMS,
    BATCH_SIZES,
    DECIDING,
    batch_sizes,
    deciding,
    imagenet,
    published_code,
    starts,
    widths,
    without_networks,
)
from afn.pretrained.families import ALL_NORMS, NORMS, cifar10, digits, mnist5k, pacs, variants
from afn.pretrained.spec import Spec


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
            first = ", ".join(name for name, spec in PLAN.items() if not spec.config.seed)
            raise ValueError(
                f"no planned model is called {pattern!r}; known: {first}; "
                f"further seeds end in -s1 and -s2"
            )
    return [
        spec
        for name, spec in PLAN.items()
        if any(fnmatchcase(name, pattern) for pattern in patterns)
    ]


def _all() -> Iterator[Spec]:
    """In an order in which what is worth most comes first."""
    yield from (mnist5k(norm, 0) for norm in ALL_NORMS)
    yield cifar10("bn", 0)
    yield from _every_digit("rgb", 0)
    yield from (cifar10(norm, 0) for norm in ("afn", "asrnorm"))
    for norm in NORMS:
        yield from pacs(norm, 0)
    [mnist] = digits("grey", "afn", 0, ["mnist"])
    yield from variants(mnist)
    yield from variants(cifar10("afn", 0))
    yield from _every_digit("grey", 0)
    yield from (mnist5k(norm, seed) for seed in (1, 2) for norm in ALL_NORMS)
    yield from _every_digit("rgb", 1)
    yield from (cifar10(norm, 1) for norm in NORMS)
    for norm in NORMS:
        yield from pacs(norm, 1)
    for seed in range(3):
        yield from (deciding(arm, augment, seed) for arm in ARMS for augment in ("", "aug"))
    for form, seed in (("grey", 1), ("rgb", 2), ("grey", 2)):
        yield from _every_digit(form, seed)
    yield from (cifar10(norm, 2) for norm in NORMS)
    for seed in range(3):
        yield from _round(seed)
    for seed in range(3, 8):
        yield from (deciding(arm, augment, seed) for arm in DECIDING for augment in ("", "aug"))
    for norm in NORMS:
        yield from pacs(norm, 2)
    for seed in (1, 2):
        [mnist] = digits("grey", "afn", seed, ["mnist"])
        yield from variants(mnist)


def _every_digit(form: str, seed: int) -> Iterator[Spec]:
    for norm in (*NORMS, "bin"):
        yield from digits(form, norm, seed)


def _round(seed: int) -> Iterator[Spec]:
    """Each of the other experiments once, the quicker ones first."""
    yield from starts(seed)
    yield without_networks(seed)
    yield published_code(deciding("afn", "", seed))
    [mnist] = digits("grey", "afn", seed, ["mnist"])
    yield published_code(mnist)
    yield from widths(seed)
    for size in BATCH_SIZES[:-1]:
        yield from batch_sizes(size, seed)
    yield from imagenet(seed)
    yield from batch_sizes(BATCH_SIZES[-1], seed)


PLAN: dict[str, Spec] = {spec.name: spec for spec in _all()}
"""All models by name, in the order in which they are trained."""
