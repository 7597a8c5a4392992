"""The norms, a row each: whoever adds one writes its layer and its row. Needs no torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Statistics = Literal["batch", "running", "per image", "running and per image", "none"]
"""Whose a norm takes at test time: the test batch's, the averages tracked in training, each
image's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NormRow:
    """What is known of a norm without its layer.

    Raises:
        ValueError: A kind of statistics that there is not.

    Example:
        >>> from afn.settings.norms import NORM_ROWS
        >>> NORM_ROWS["gn"].title, NORM_ROWS["gn"].statistics, NORM_ROWS["gn"].is_adaptive
        ('GN', 'per image', False)
    """

    name: str
    """As configurations, links and commands say it; a word in lower case."""
    title: str
    """As people read it."""
    module: str
    """In ``afn.norms``."""
    layers: Mapping[int, str]
    """Its classes there, by how many axes behind N and C they take: 2 are images."""
    statistics: Statistics
    """Where it can be switched, unless told otherwise."""
    is_switchable: bool = False
    """Whether ``eval_stats`` chooses between the test batch's and the running ones."""
    is_adaptive: bool = False
    """Whether it has λ and small networks, with all their options."""
    has_eps: bool = True
    is_bn_at_zero: bool = False
    """Whether it starts as batch normalization, or is it where every λ is 0."""
    macs: int = 3
    """Multiply-accumulates of one value where statistics are measured: a sum, a sum of squares and
    the affine. With running ones the affine alone counts, without any nothing."""

    def __post_init__(self) -> None:
        if self.statistics not in (known := get_args(Statistics)):
            raise ValueError(
                f"the statistics of {self.name} must be one of {', '.join(known)}, got "
                f"{self.statistics!r}"
            )

    @property
    def networks_see_images(self) -> bool:
        """Whether its networks are given each image's statistics, and answer each anew."""
        return self.is_adaptive and self.statistics == "per image"

    @property
    def measures_batch(self) -> bool:
        """Whether an image's statistics in training are those of the batch it is in."""
        return self.statistics not in ("per image", "none")


_ROWS = (
    NormRow(
        name="afn", title="AFN", module="afn",
        layers={2: "AFN2d", 0: "AFN1d", 1: "AFN1d", 3: "AFN3d"},
        statistics="batch", is_switchable=True, is_adaptive=True, is_bn_at_zero=True,
    ),
    NormRow(
        name="asrnorm", title="ASRNorm", module="asrnorm",
        layers={2: "ASRNorm2d", 1: "ASRNorm1d", 3: "ASRNorm3d"},
        statistics="per image", is_adaptive=True,
    ),
    NormRow(
        name="bn", title="BN", module="batch",
        layers={2: "BatchNorm2d", 0: "BatchNorm1d", 1: "BatchNorm1d", 3: "BatchNorm3d"},
        statistics="running", is_switchable=True, is_bn_at_zero=True,
    ),
    NormRow(
        name="in", title="IN", module="instance", layers={2: "InstanceNorm2d"},
        statistics="per image",
    ),
    NormRow(
        name="gn", title="GN", module="group", layers={2: "GroupNorm2d"},
        statistics="per image",
    ),
    NormRow(
        name="ln", title="LN", module="layer", layers={2: "LayerNorm2d"},
        statistics="per image",
    ),
    NormRow(
        name="bin", title="BIN", module="batch_instance", layers={2: "BatchInstanceNorm2d"},
        statistics="running and per image", is_bn_at_zero=True,
    ),
    NormRow(
        name="sn", title="SN", module="switch", layers={2: "SwitchNorm2d"},
        statistics="running and per image",
    ),
    NormRow(
        name="frn", title="FRN", module="frn", layers={2: "FilterResponseNorm2d"},
        statistics="per image", macs=3,
    ),
    NormRow(
        name="evos0", title="EvoNorm-S0", module="evonorm", layers={2: "EvoNormS0"},
        statistics="per image", macs=5,
    ),
    NormRow(
        name="evob0", title="EvoNorm-B0", module="evonorm", layers={2: "EvoNormB0"},
        statistics="running and per image", macs=5,
    ),
    NormRow(
        name="dyt", title="DyT", module="tanh", layers={2: "DynamicTanh2d"},
        statistics="none", has_eps=False, macs=2,
    ),
    NormRow(
        name="brn", title="BRN", module="renorm", layers={2: "BatchRenorm2d"},
        statistics="running", is_bn_at_zero=True,
    ),
    NormRow(
        name="wsgn", title="GN+WS", module="weight_standardization",
        layers={2: "WSGroupNorm2d"}, statistics="per image",
    ),
    NormRow(
        name="gbn", title="ghost BN", module="ghost", layers={2: "GhostBatchNorm2d"},
        statistics="running",
    ),
    NormRow(
        name="none", title="no norm", module="none", layers={2: "NoNorm2d"},
        statistics="none", has_eps=False, macs=0,
    ),
)  # fmt: skip
"""In the order in which they are offered."""
NORM_ROWS = {row.name: row for row in _ROWS}
NORM_NAMES = tuple(NORM_ROWS)
NORM_TITLES = {row.name: row.title for row in _ROWS}
ADAPTIVE_NORMS = tuple(row.name for row in _ROWS if row.is_adaptive)
"""The norms that have λ and small networks; the options about them mean nothing elsewhere."""
SWITCHABLE_NORMS = tuple(row.name for row in _ROWS if row.is_switchable)
"""The norms that can be evaluated with running or with test-batch statistics."""
