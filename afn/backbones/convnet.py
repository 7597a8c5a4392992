"""The two-block network of the published experiments, with as many blocks as wanted."""

from collections import OrderedDict
from collections.abc import Sequence

from torch import Tensor, nn

from afn.backbones.backbone import Backbone
from afn.norms import NormFactory


class ConvNet(Backbone):
    """Blocks of 3×3 convolution, norm, ReLU and 2×2 max pooling, then two linear layers.

    Behind a norm that is an activation, too, there is no ReLU.

    Args:
        in_channels: Channels of the images.
        num_classes: Classes.
        image_size: (H, W); each block halves it, and at least one pixel must be left.
        norm: From a number of channels to the norm layer.
        widths: Channels of each block, 1 to 4 blocks of 1 to 512.
        hidden: Width of the hidden linear layer, at least 1.

    Shape: (N, in_channels, H, W) to logits (N, num_classes).

    Raises:
        ValueError: An option out of range, or images too small for the poolings.

    Example:
        >>> import torch
        >>> from afn import AFN2d
        >>> from afn.backbones import ConvNet
        >>> ConvNet(3, 10, (32, 32), AFN2d, widths=(8,))(torch.rand(2, 3, 32, 32)).shape
        torch.Size([2, 10])
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        image_size: tuple[int, int],
        norm: NormFactory,
        *,
        widths: Sequence[int] = (16, 32),
        hidden: int = 128,
    ) -> None:
        super().__init__()
        if not 1 <= len(widths) <= 4 or not all(1 <= width <= 512 for width in widths):
            raise ValueError(
                f"widths must be 1 to 4 numbers from 1 to 512, got {', '.join(map(str, widths))}"
            )
        if hidden < 1:
            raise ValueError(f"hidden must be at least 1, got {hidden}")
        height, width = (side // 2 ** len(widths) for side in image_size)
        if min(height, width) < 1:
            raise ValueError(
                f"{len(widths)} poolings need images of at least {2 ** len(widths)} pixels a "
                f"side, got {image_size[0]}×{image_size[1]}: use fewer widths or larger images"
            )
        channels = (in_channels, *widths)
        self.blocks = nn.Sequential(
            *(_block(channels[i], channels[i + 1], norm) for i in range(len(widths)))
        )
        self.head = nn.Sequential(
            OrderedDict(
                flatten=nn.Flatten(),
                hidden=nn.Linear(channels[-1] * height * width, hidden),
                relu=nn.ReLU(),
                classifier=nn.Linear(hidden, num_classes),
            )
        )

    def features(self, x: Tensor) -> Tensor:
        return self.blocks(x)

    def classify(self, features: Tensor) -> Tensor:
        return self.head(features)


def _block(in_channels: int, out_channels: int, norm: NormFactory) -> nn.Sequential:
    layer = norm(out_channels)
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(in_channels, out_channels, 3, padding=1),
            norm=layer,
            relu=nn.Identity() if layer.activates else nn.ReLU(),
            pool=nn.MaxPool2d(2),
        )
    )
