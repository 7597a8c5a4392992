"""Whether a configuration fits its data: sizes, channels, steps."""

from afn.settings.backbones import BACKBONE_ROWS
from afn.settings.config import TrainConfig
from afn.settings.corruptions import MIN_SIDE
from afn.settings.norms import NORM_ROWS
from afn.wording import count_words


def check_against_data(config: TrainConfig, num_train: int, image_side: int) -> None:
    """Raise ValueError with one line if the data set is too small for the configuration.

    Args:
        config: What is to be trained.
        num_train: Training images of the data set.
        image_side: The shorter side of its images.
    """
    num_train = min(num_train, config.train_images)
    if config.batch_size > num_train:
        raise ValueError(
            f"the batch size {config.batch_size} is above the {num_train} training images of "
            f"{config.dataset}; take at most {num_train}"
        )
    backbone = BACKBONE_ROWS[config.backbone]
    if image_side < backbone.min_side:
        raise ValueError(
            f"{config.backbone} takes images with sides of at least {backbone.min_side} pixels, "
            f"{config.dataset} has {image_side}: take larger images, or another network"
        )
    if backbone.has_widths and image_side < 2 ** len(config.widths):
        raise ValueError(
            f"{len(config.widths)} blocks halve {image_side} pixels to nothing; "
            f"take fewer widths or larger images"
        )


def check_imagenet(config: TrainConfig, channels: int) -> None:
    """Raise ValueError with one line if the network cannot begin from ImageNet weights, and should.

    Args:
        config: What is to be trained.
        channels: Of the data set's images, 1 or 3.
    """
    if not BACKBONE_ROWS[config.backbone].is_imagenet:
        return
    norm = NORM_ROWS[config.norm]
    if norm.networks_see_images and config.frozen_networks:
        raise ValueError(
            f"{norm.title}'s frozen networks are given the mean of σ over training images, which "
            "the ImageNet weights come without: take AFN, or another network"
        )
    if channels != 3:
        raise ValueError(
            f"{config.backbone} begins from weights for images in colour, and {config.dataset} is "
            f"in grey: take {config.dataset.partition('@')[0]}@rgb"
        )


def check_steps(config: TrainConfig, num_train: int) -> None:
    """Raise ValueError with one line if the limit of steps would cut a run short.

    Args:
        config: What is to be trained.
        num_train: Training images of the data set.
    """
    if (steps := config.num_steps(num_train)) > config.max_steps:
        raise ValueError(
            f"{count_words(config.epochs, 'epoch')} of {config.dataset} in batches of "
            f"{config.batch_size} take {steps:,} steps, and the limit is {config.max_steps:,}: "
            f"raise max_steps, or take fewer epochs or larger batches"
        )


def check_corruptible(config: TrainConfig, image_side: int) -> None:
    """Raise ValueError with one line if the data set's images are too small to be corrupted.

    Args:
        config: What is to be trained.
        image_side: The shorter side of its images.
    """
    is_corrupted = bool(config.corruptions) or config.augment.endswith("corruptions")
    if is_corrupted and image_side < MIN_SIDE:
        raise ValueError(
            f"corruptions take images with sides of at least {MIN_SIDE} pixels, {config.dataset} "
            f"has {image_side}: take larger images, or neither train nor test with corruptions"
        )
