"""What is asked about one layer of a network, and what comes back. Needs no torch."""

import base64
from dataclasses import asdict, dataclass, field
from typing import Any, TypedDict

from afn.ask.network import Network, Stats
from afn.ask.records import ORDERS, Order
from afn.settings.lambda_init import LAMBDAS

POOL = 512
"""So many test images accuracy is counted on, and batches are taken from."""
SHOWN = 6
"""So many images of the batch come back as pictures, with every network's answer."""
SHOWN_NORMS = (
    "afn", "asrnorm", "bn", "in", "gn", "ln", "bin", "sn", "frn", "evos0", "evob0", "dyt", "brn",
    "wsgn", "gbn",
)  # fmt: skip
"""Norms of this package whose steps are shown."""
UNTRAINED = "untrained"
"""In place of a network's ``sha256`` where it has no weights of its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """Which images go through the network together."""

    dataset: str
    corruption: str | None = None
    severity: int = 0
    size: int = 32
    """Images in it; accuracy is counted in batches of as many."""
    first: int = 0
    """Where among the test images it begins; past the last it goes on with the first."""
    order: Order = "mixed"
    """"by label" fills it with few classes."""
    picture: bytes = b""
    """An image of one's own that takes the first place: uint8 (H, W, C) as the network takes them.
    Empty for none."""
    damages_picture: bool = True
    """Whether it is corrupted like the others."""

    def __post_init__(self) -> None:
        if not 1 <= self.size <= POOL:
            raise ValueError(f"a batch has 1 to {POOL} images, got {self.size}")
        if not 0 <= self.first < POOL:
            raise ValueError(f"a batch begins at image 0 to {POOL - 1}, got {self.first}")
        if self.order not in ORDERS:
            raise ValueError(f"order must be one of {', '.join(ORDERS)}, got {self.order!r}")
        if (self.corruption is None) != (self.severity == 0):
            raise ValueError(
                f"severity 0 is clean and has no corruption, got {self.corruption!r} at "
                f"{self.severity}"
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """One question: a batch, a layer, and what is forced upon the network."""

    subject: Network
    batch: Batch
    layer: str = ""
    """A norm layer's name; empty for the first."""
    channel: int = 0
    """Whose feature maps and histograms come back; the last one where there are fewer."""
    image: int = 0
    """Of the batch: whose pixel is followed, and whose statistics are shown where each image has
    its own."""
    pixel: tuple[int, int] | None = None
    """Row and column of the value that is followed, the last ones where there are fewer; None for
    where the channel is furthest from its mean in the image."""
    stats: Stats | None = None
    """Whose statistics norms with the choice use; None is as trained."""
    lambdas: dict[str, float] = field(default_factory=dict)
    """λ that are forced, by name; the others stay as trained."""
    everywhere: bool = True
    """Whether in every layer, or in this one alone."""
    others: tuple[Network, ...] = ()
    """Networks that answer the same images, as they were trained."""

    def __post_init__(self) -> None:
        if unknown := self.lambdas.keys() - set(LAMBDAS):
            raise ValueError(f"λ are {', '.join(LAMBDAS)}, got {', '.join(sorted(unknown))}")

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        batch = asdict(self.batch)
        batch["picture"] = base64.b64encode(self.batch.picture).decode()
        return {
            "subject": self.subject.to_json(),
            "batch": batch,
            "layer": self.layer,
            "channel": self.channel,
            "image": self.image,
            "pixel": self.pixel,
            "stats": self.stats,
            "lambdas": self.lambdas,
            "everywhere": self.everywhere,
            "others": [other.to_json() for other in self.others],
        }

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "Look":
        """The inverse of `to_json`."""
        batch = {**record["batch"], "picture": base64.b64decode(record["batch"]["picture"])}
        return cls(
            **{
                **record,
                "subject": Network.from_json(record["subject"]),
                "batch": Batch(**batch),
                "pixel": record["pixel"] and tuple(record["pixel"]),
                "others": tuple(Network.from_json(other) for other in record["others"]),
            }
        )


class Maps(TypedDict):
    """One channel of some images as pictures, on the scale of the `Seen`."""

    height: int
    width: int
    pixels: list[str]
    """Per image (H, W) uint8 in base64: 1 for the scale's low end to 254 for its high end; 0 and
    255 are values below and above it."""


class Histogram(TypedDict):
    """How often values of one channel occur in the whole batch."""

    low: float
    """The lowest value."""
    high: float
    counts: list[int]
    """In steps of one width from end to end of the `Seen`'s scale."""
    below: int
    """Values that leave the scale."""
    above: int


class Beside(TypedDict):
    """What other arithmetic makes of the same input, with the layer's own parameters."""

    mu_hat: list[float]
    sigma_hat: list[float]
    gamma_hat: list[float]
    beta_hat: list[float]
    y: Maps
    """Of the followed image."""
    difference: float
    """The largest absolute difference of its output to the layer's, over the whole batch."""


class ShownScore(TypedDict):
    """Right answers among the first images of the pool; of none where it does not know theirs."""

    correct: int
    n: int


class Answered(TypedDict):
    """What one network says of the shown images."""

    answers: list[int]
    confidences: list[float]
    probabilities: list[float]
    """Of the image that is followed, class by class."""
    score: ShownScore


class Seen(TypedDict):
    """What was found; channels are in the layer's order, values have seven digits."""

    layers: dict[str, int]
    """All norm layers, with their channels."""
    layer: str
    norm: str
    channel: int
    image: int
    count: int
    """Values behind each statistic."""
    is_per_image: bool
    size: int
    """Images in the batch: fewer than were asked for where there are not as many."""
    statistics: str
    """What is averaged, an `afn.ask.inside.layers.Over`: "test batch", "running averages", "each
    image", "each group", "whole image", "each place", "mixed" or "each value"."""
    num_groups: int
    """Of channels, where each has its statistics."""
    kind: str
    """The norm, where it has steps of its own: "bin", "sn", "frn", "evos0", "evob0" or "dyt"."""
    every: int
    """Of large pictures every second, third, ... row and column is shown; 1 shows all. Rows and
    columns are counted among those shown."""
    members: dict[str, list[float]]
    """mu and sigma of what is averaged, channel by channel: of each channel alone where several
    share statistics; the values themselves and their distance from the mean where channels at a
    place do. Empty where a channel has its own."""
    channels: dict[str, list[float]]
    """mu, sigma, ..., beta_hat as in a `Trace`, (C,); of the followed image where each has its own;
    ``running_mu`` and ``running_sigma`` where the layer tracks them, ``weight``, ``bias``, and what
    else its steps take: ``tau``, ``v``, ``alpha``, ``sigma_image``, of BIN ``mu_bn``,
    ``sigma_bn``, ``mu_in``, ``sigma_in`` and the gate ``rho``, or of SwitchNorm ``mu_in``,
    ``sigma_in``, ``share_mu_in``, ``share_sigma_in``, and these of ``ln`` and ``bn``."""
    spread: dict[str, list[list[float]]]
    """[lowest, highest] over the batch's images of mu and sigma measured on each alone."""
    hidden: dict[str, list[float]]
    """What the encoders give: ``stan_mu``, ``stan_sigma``, ``rescale_mu``, ``rescale_sigma``."""
    lambdas: dict[str, float]
    """Effective, of this layer now."""
    trained: dict[str, float]
    """The same without anything forced."""
    is_gated: dict[str, bool]
    """Whether that λ is a share in [0, 1]."""
    pixel: dict[str, float]
    """x, x_hat and y of the followed value, and its row and column."""
    scale: list[float]
    """[low, high] of all pictures and histograms: what x, x_hat and y of the channel span as
    trained, as far to either side of 0. What is forced, or drawn, does not change it."""
    maps: dict[str, Maps]
    """x, x_hat, y."""
    histograms: dict[str, Histogram]
    """Of the same."""
    beside: dict[str, Beside]
    """Of AFN, ASRNorm and BN "bn_batch", "bn_running", and "per_image" or, for a layer that is,
    "batch"; of others "bn_batch", "in" and "ln", all but itself."""
    pictures: list[str]
    """The shown images as the network gets them, as data URIs."""
    labels: list[int]
    """Their classes; -1 for a picture of one's own, and for images of classes that a model of one's
    own does not know."""
    class_names: list[str]
    source: str
    """Where the images are from."""
    now: Answered
    """The network with what is forced upon it."""
    as_trained: ShownScore
    others: list[Answered]


class Neighbours(TypedDict):
    """What becomes of one image's answer with other images beside it."""

    alone: list[list[float]]
    """Per network [answer, confidence] without any."""
    mixed: list[list[list[float]]]
    """Per network the same in batches of randomly drawn test images, corrupted alike."""
    clean: list[list[list[float]]]
    """Per network the same among clean ones, where the image is corrupted; else empty lists."""
    by_class: list[list[list[float]]]
    """Per network the same in batches that else hold a single class, class by class ..."""
    classes: list[str]
    """... of these."""
    class_names: list[str]
