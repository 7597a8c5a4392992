"""How far domains lie apart in the statistics that a norm layer sees and leaves. Needs no torch."""

from dataclasses import asdict, dataclass
from typing import Any

from afn.ask.rescaling import Profile
from afn.plain import Finite, converted

PlanePoint = tuple[Finite, Finite]
Span = tuple[Finite, Finite]
"""From and to, with 95 % confidence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """The statistics of images on one side of a norm layer: those of its input or its output.

    Of each image and channel they are mean and standard deviation over (H, W); how they are
    compared says `afn.ask.layer_statistics`.
    """

    mu: Profile
    """Mean over a domain's images of their means: the domain's profile."""
    sigma: Profile
    """Mean over a domain's images of their standard deviations."""
    points: tuple[tuple[PlanePoint, ...], ...]
    """For each domain some of its images, in the plane in which all images spread most; distances
    are in the unit of `shift`."""
    centers: tuple[PlanePoint, ...]
    """For each domain the mean of all its images in that plane."""
    explained: PlanePoint
    """The share of all variance that each of the two axes shows."""
    shift: Finite
    """How far the domains lie from their common mean: 0: they have the same mean statistics; 1:
    they differ by as much as the pixels of one image do."""
    shift95: Span
    scatter: Finite
    """How far the images of a domain lie from its mean, in the same unit."""
    separation: Finite
    """Variance between domains over variance within them. 0: all domains have the same mean
    statistics; 1: which domain an image is from makes up half of the variance."""
    separation95: Span

    def __post_init__(self) -> None:
        if len({len(row) for row in (*self.mu, *self.sigma)}) > 1:
            raise ValueError("expected as many channels of every domain")


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerSpread:
    """One norm layer: the domains before it and after it."""

    name: str
    domains: tuple[str, ...]
    before: Side
    after: Side

    def __post_init__(self) -> None:
        for side in (self.before, self.after):
            values = (side.mu, side.sigma, side.points, side.centers)
            if {len(each) for each in values} != {len(self.domains)}:
                raise ValueError(f"expected values of {len(self.domains)} domains")


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """All norm layers of a network, in the order of its forward pass."""

    domains: tuple[str, ...]
    num_images: tuple[int, ...]
    """Of each domain."""
    batch_size: int
    """Images of one domain that went through the network together."""
    layers: tuple[LayerSpread, ...]

    def to_json(self) -> dict[str, Any]:
        """A record in which the domains are named once."""
        record = asdict(self)
        for layer in record["layers"]:
            del layer["domains"]
        return record

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "Spread":
        """The inverse of `to_json`.

        Raises:
            ValueError: A value is missing or not of its kind.
        """
        what = "a record of layer statistics"
        try:
            layers = [{**layer, "domains": record["domains"]} for layer in record["layers"]]
        except (KeyError, TypeError) as error:
            raise ValueError(f"not {what}: {error!r}") from error
        return converted({**record, "layers": layers}, cls, what)
