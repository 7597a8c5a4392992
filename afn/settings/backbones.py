"""The backbones, a row each: whoever adds one writes its file and its row. Needs no torch."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class BackboneRow:
    """What is known of a backbone without building it.

    Example:
        >>> from afn.settings.backbones import BACKBONE_ROWS
        >>> BACKBONE_ROWS["resnet8"].title, BACKBONE_ROWS["resnet8"].has_widths
        ('ResNet-8', False)
    """

    name: str
    """As configurations, links and commands say it."""
    title: str
    """As people read it."""
    module: str
    """In ``afn.backbones``."""
    factory: str
    """There; called with in_channels, num_classes, image_size and norm."""
    work: float
    """Time of one value of its input, relative to that of one norm layer of the same input; rough,
    for the time that is left."""
    min_side: int = 1
    """Smaller images are nothing to it."""
    has_widths: bool = False
    """Whether the configuration's ``widths`` are its blocks, each of which halves the image."""
    is_imagenet: bool = False
    """Whether it begins from ImageNet weights, for images in colour."""


_ROWS = (
    BackboneRow(
        name="convnet", title="ConvNet", module="convnet", factory="ConvNet", work=8.0,
        has_widths=True,
    ),
    BackboneRow(
        name="resnet8", title="ResNet-8", module="resnet", factory="resnet8", work=30.0
    ),
    BackboneRow(
        name="resnet20", title="ResNet-20", module="resnet", factory="resnet20", work=75.0
    ),
    BackboneRow(
        name="efficientnet_lite0", title="EfficientNet-Lite0", module="efficientnet_lite",
        factory="EfficientNetLite0", work=75.0, is_imagenet=True,
    ),
)  # fmt: skip
"""In the order in which they are offered."""
BACKBONE_ROWS = {row.name: row for row in _ROWS}
BACKBONE_NAMES = tuple(BACKBONE_ROWS)
IMAGENET_BACKBONES = tuple(row.name for row in _ROWS if row.is_imagenet)
"""Those that begin from ImageNet weights, for images in colour."""
