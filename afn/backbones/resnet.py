"""Residual networks for small images."""

from torch import Tensor, nn
from torch.nn.functional import pad, relu

from afn.backbones.backbone import Backbone
from afn.norms import NormFactory


class ResNet(Backbone):
    """The residual network for CIFAR: 6n + 2 weighted layers in three stages.

    A convolution, then stages of `num_blocks` basic blocks with 16, 32 and 64 channels, the latter
    two at half the resolution each, global average pooling and one linear layer. Shortcuts have
    no parameters (option A): where the shape changes, every second pixel with zeros for the new
    channels. Behind a norm that is an activation, too, there is no ReLU but that behind the sum.

    Args:
        in_channels: Channels of the images.
        num_classes: Classes.
        image_size: (H, W); any size will do, taken so that all backbones are built alike.
        norm: From a number of channels to the norm layer.
        num_blocks: Blocks per stage, n, at least 1.

    Shape: (N, in_channels, H, W) to logits (N, num_classes).

    Raises:
        ValueError: Fewer than one block.

    Source: arXiv 1512.03385, section 4.2.

    Example:
        >>> import torch
        >>> from afn import AFN2d
        >>> from afn.backbones import ResNet
        >>> model = ResNet(3, 10, (32, 32), AFN2d, num_blocks=2)  # ResNet-14
        >>> model(torch.rand(2, 3, 32, 32)).shape
        torch.Size([2, 10])
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        image_size: tuple[int, int],
        norm: NormFactory,
        *,
        num_blocks: int,
    ) -> None:
        super().__init__()
        if num_blocks < 1:
            raise ValueError(f"num_blocks must be at least 1, got {num_blocks}")
        self.conv = nn.Conv2d(in_channels, 16, 3, padding=1, bias=False)
        self.norm = norm(16)
        self.stages = nn.Sequential(
            _stage(16, 16, num_blocks, norm),
            _stage(16, 32, num_blocks, norm),
            _stage(32, 64, num_blocks, norm),
        )
        self.classifier = nn.Linear(64, num_classes)

    def features(self, x: Tensor) -> Tensor:
        return self.stages(_activated(self.norm, self.conv(x)))

    def classify(self, features: Tensor) -> Tensor:
        return self.classifier(features.mean((2, 3)))


class BasicBlock(nn.Module):
    """Two 3×3 convolutions beside a shortcut without parameters.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output; where they differ, the resolution is halved.
        norm: From a number of channels to the norm layer.

    Shape: (N, in_channels, H, W) to (N, out_channels, ⌈H/2⌉, ⌈W/2⌉), or H, W where the channels
    stay the same.
    """

    def __init__(self, in_channels: int, out_channels: int, norm: NormFactory) -> None:
        super().__init__()
        self.new_channels = out_channels - in_channels
        self.stride = 2 if self.new_channels else 1
        self.conv1 = nn.Conv2d(
            in_channels, out_channels, 3, stride=self.stride, padding=1, bias=False
        )
        self.norm1 = norm(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.norm2 = norm(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        residual = self.norm2(self.conv2(_activated(self.norm1, self.conv1(x))))
        shortcut = x[:, :, :: self.stride, :: self.stride]
        return relu(residual + pad(shortcut, (0, 0, 0, 0, 0, self.new_channels)))


def _activated(norm: nn.Module, x: Tensor) -> Tensor:
    return norm(x) if getattr(norm, "activates", False) else relu(norm(x))


def _stage(
    in_channels: int, out_channels: int, num_blocks: int, norm: NormFactory
) -> nn.Sequential:
    first = BasicBlock(in_channels, out_channels, norm)
    rest = (BasicBlock(out_channels, out_channels, norm) for _ in range(num_blocks - 1))
    return nn.Sequential(first, *rest)


def resnet8(
    in_channels: int, num_classes: int, image_size: tuple[int, int], norm: NormFactory
) -> ResNet:
    """`ResNet` with one block per stage.

    Example:
        >>> from afn import AFN2d
        >>> from afn.backbones import resnet8
        >>> len(resnet8(3, 10, (32, 32), AFN2d).stages[0])
        1
    """
    return ResNet(in_channels, num_classes, image_size, norm, num_blocks=1)


def resnet20(
    in_channels: int, num_classes: int, image_size: tuple[int, int], norm: NormFactory
) -> ResNet:
    """`ResNet` with three blocks per stage.

    Example:
        >>> from afn import AFN2d
        >>> from afn.backbones import resnet20
        >>> len(resnet20(3, 10, (32, 32), AFN2d).stages[0])
        3
    """
    return ResNet(in_channels, num_classes, image_size, norm, num_blocks=3)
