"""What all backbones have in common."""

from torch import Tensor, nn


class Backbone(nn.Module):
    """A classifier in two parts: what makes features of images, and what reads logits off them.

    Shape: (N, in_channels, H, W) to logits (N, num_classes).

    Example:
        >>> import torch
        >>> from afn import AFN2d
        >>> from afn.backbones import Backbone, resnet8
        >>> backbone: Backbone = resnet8(3, 10, (32, 32), AFN2d)
        >>> features = backbone.features(torch.rand(2, 3, 32, 32))
        >>> features.shape, backbone.classify(features).shape
        (torch.Size([2, 64, 8, 8]), torch.Size([2, 10]))
    """

    def forward(self, x: Tensor) -> Tensor:
        return self.classify(self.features(x))

    def features(self, x: Tensor) -> Tensor:
        """From images to features, (N, C, h, w); all norms are in here."""
        raise NotImplementedError

    def classify(self, features: Tensor) -> Tensor:
        """From features to logits."""
        raise NotImplementedError
