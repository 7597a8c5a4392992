"""Small CNNs that take any norm, and how they are built and started."""

from afn.backbones.backbone import Backbone
from afn.backbones.build import BACKBONES, build_model
from afn.backbones.convnet import ConvNet
from afn.backbones.efficientnet_lite import EfficientNetLite0
from afn.backbones.initialization import initialize
from afn.backbones.normalize import Normalize
from afn.backbones.resnet import ResNet, resnet8, resnet20

__all__ = [
    "BACKBONES",
    "Backbone",
    "ConvNet",
    "EfficientNetLite0",
    "Normalize",
    "ResNet",
    "build_model",
    "initialize",
    "resnet8",
    "resnet20",
]
