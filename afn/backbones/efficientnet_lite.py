"""EfficientNet-Lite0, and its start from ImageNet weights."""

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn.functional import relu6

from afn.backbones.backbone import Backbone
from afn.imagenet import weights_file
from afn.norms import NormFactory

# Blocks, kernel, stride of the first block, expansion, channels.
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
_STEM = 32
_FEATURES = 1280
_PARTS = {
    "_conv_stem": "stem.conv", "_conv_head": "head.conv",
    "_expand_conv": "expand.conv", "_depthwise_conv": "depthwise.conv",
    "_project_conv": "project.conv",
}  # fmt: skip
_NORMS = ({"_bn0": "stem.norm", "_bn1": "head.norm"},
          {"_bn0": "expand.norm", "_bn1": "depthwise.norm", "_bn2": "project.norm"})  # fmt: skip


class EfficientNetLite0(Backbone):
    """EfficientNet-B0 without squeeze and excitation, with ReLU6: 49 norms, 3.4 million parameters
    before the classifier.

    A convolution, sixteen inverted residual blocks in seven stages, a 1×1 convolution to 1,280
    features, global average pooling and one linear layer. Images are halved five times.

    Args:
        in_channels: Channels of the images; ImageNet weights take three.
        num_classes: Classes.
        image_size: (H, W), by which paddings are chosen so that a halving is ⌈side / 2⌉.
        norm: From a number of channels to the norm layer.

    Shape: (N, in_channels, H, W) to logits (N, num_classes).

    Source: arXiv 1905.11946, table 1, as changed in TensorFlow's EfficientNet-Lite (2020).

    Deviation: neither dropout before the classifier nor blocks that are skipped at random, so that
    all backbones learn without any noise but what is asked for.

    Example:
        >>> import torch
        >>> from afn import AFN2d
        >>> from afn.backbones import EfficientNetLite0
        >>> model = EfficientNetLite0(3, 7, (64, 64), AFN2d)
        >>> model.features(torch.rand(2, 3, 64, 64)).shape
        torch.Size([2, 1280, 2, 2])
    """

    def __init__(
        self, in_channels: int, num_classes: int, image_size: tuple[int, int], norm: NormFactory
    ) -> None:
        super().__init__()
        self.stem = _ConvNorm(in_channels, _STEM, 3, image_size, norm, stride=2)
        size, channels, blocks = _halved(image_size), _STEM, []
        for num_blocks, kernel, stride, expansion, out_channels in _STAGES:
            for i in range(num_blocks):
                step = stride if i == 0 else 1
                blocks.append(
                    InvertedResidual(channels, out_channels, kernel, step, expansion, size, norm)
                )
                size, channels = (_halved(size) if step == 2 else size), out_channels
        self.blocks = nn.Sequential(*blocks)
        self.head = _ConvNorm(channels, _FEATURES, 1, size, norm)
        self.classifier = nn.Linear(_FEATURES, num_classes)

    def features(self, x: Tensor) -> Tensor:
        return relu6(self.head(self.blocks(relu6(self.stem(x)))))

    def classify(self, features: Tensor) -> Tensor:
        return self.classifier(features.mean((2, 3)))


class InvertedResidual(nn.Module):
    """A 1×1 convolution to more channels, a depthwise one, a 1×1 one to fewer, each with a norm.

    Beside them is the input itself where the shape stays the same; behind the last norm there is no
    activation.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel: Of the depthwise convolution, 3 or 5.
        stride: Likewise, 1 or 2.
        expansion: Times the input's channels are those between; with 1 the first part is left out.
        size: (H, W) of the input.
        norm: From a number of channels to the norm layer.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int,
        stride: int,
        expansion: int,
        size: tuple[int, int],
        norm: NormFactory,
    ) -> None:
        super().__init__()
        between = expansion * in_channels
        self.is_residual = stride == 1 and in_channels == out_channels
        self.expand = _ConvNorm(in_channels, between, 1, size, norm) if expansion > 1 else None
        self.depthwise = _ConvNorm(
            between, between, kernel, size, norm, stride=stride, groups=between
        )
        self.project = _ConvNorm(
            between, out_channels, 1, _halved(size) if stride == 2 else size, norm
        )

    def forward(self, x: Tensor) -> Tensor:
        between = x if self.expand is None else relu6(self.expand(x))
        y = self.project(relu6(self.depthwise(between)))
        return x + y if self.is_residual else y


class _ConvNorm(nn.Sequential):
    """A convolution without bias and a norm; padded as TensorFlow does, more behind than before."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int,
        size: tuple[int, int],
        norm: NormFactory,
        *,
        stride: int = 1,
        groups: int = 1,
    ) -> None:
        height, width = (max((-(-side // stride) - 1) * stride + kernel - side, 0) for side in size)
        is_even = height % 2 == width % 2 == 0
        conv = nn.Conv2d(
            in_channels, out_channels, kernel, stride=stride, groups=groups, bias=False,
            padding=(height // 2, width // 2) if is_even else 0,
        )  # fmt: skip
        parts: OrderedDict[str, nn.Module] = OrderedDict(conv=conv, norm=norm(out_channels))
        if not is_even:
            pad = nn.ZeroPad2d((width // 2, -(-width // 2), height // 2, -(-height // 2)))
            parts = OrderedDict(pad=pad, **parts)
        super().__init__(parts)


@torch.no_grad()
def load_imagenet(backbone: EfficientNetLite0) -> None:
    """Put ImageNet weights in the place of all but the classifier, the norms' λ and networks.

    A norm takes over what `convert_norm` would have it keep of batch normalization: γ, β and the
    running averages, as far as it has them. They were learned with an eps of 1e-3, from pixels p of
    0 to 255 as (p - 127) / 128.

    Raises:
        FileNotFoundError: The package that carries them is not installed.
        ValueError: It has others, or the images are not in colour.
    """
    if (channels := backbone.get_parameter("stem.conv.weight").shape[1]) != 3:
        raise ValueError(f"ImageNet weights take 3 channels, the images have {channels}")
    published = torch.load(weights_file(), map_location="cpu", weights_only=True)
    given = {_name(name): tensor for name, tensor in published.items()}
    own = backbone.state_dict()
    shared = [name for name in given.keys() & own.keys() if not name.startswith("classifier.")]
    for name in (own.keys() | given.keys()) - set(shared):
        if not name.startswith("classifier.") and ".norm." not in name:
            raise ValueError(f"the ImageNet weights are not those of this network: {name} differs")
    # Left out, the mean of σ counts as unknown, as it is: batch normalization does not measure it.
    known = {name: tensor for name, tensor in own.items() if not name.endswith("running_sigma")}
    backbone.load_state_dict(known | {name: given[name] for name in shared})


def _name(published: str) -> str:
    """Of a tensor, here."""
    *path, layer, tensor = published.split(".")
    if layer == "_fc":
        return f"classifier.{tensor}"
    known = _PARTS | _NORMS[bool(path)]
    return ".".join([*(part.removeprefix("_") for part in path), known[layer], tensor])


def _halved(size: tuple[int, int]) -> tuple[int, int]:
    return -(-size[0] // 2), -(-size[1] // 2)
