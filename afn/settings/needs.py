"""What settings need of each other: to have an effect, and not to contradict one another."""

from typing import Any

from afn.settings.backbones import BACKBONE_ROWS
from afn.settings.norms import NORM_ROWS
from afn.settings.setting import Need

HAS_LAMBDA = Need(
    holds=lambda config: NORM_ROWS[config.norm].is_adaptive,
    without="{norm} has no λ and no networks",
)
HAS_NETWORKS = Need(holds=lambda config: config.adaptive, without="the encoder-decoder is disabled")
NETWORKS_ADAPT = Need(
    holds=lambda config: not config.frozen_networks, without="the networks are frozen"
)
LAMBDA_MOVES = Need(
    holds=lambda config: not config.lambda_init.is_off, without="every λ is 0 and frozen"
)
HAS_DECAY = Need(holds=lambda config: config.weight_decay > 0, without="weight_decay is 0")
SWITCHES = Need(
    holds=lambda config: NORM_ROWS[config.norm].is_switchable,
    without="{norm} has one kind of statistics",
)
HAS_EPS = Need(holds=lambda config: NORM_ROWS[config.norm].has_eps, without="there is no norm")
HAS_BLOCKS = Need(
    holds=lambda config: BACKBONE_ROWS[config.backbone].has_widths,
    without="{backbone} has channels of its own",
)
OF_NETWORKS = (HAS_LAMBDA, HAS_NETWORKS)


def check_together(config: Any) -> None:
    """Check a configuration whose settings are each in range.

    Args:
        config: A `TrainConfig`.

    Raises:
        ValueError: Two of its settings contradict each other.
    """
    if config.frozen_networks and not config.adaptive:
        raise ValueError(
            "frozen_networks is about the encoder-decoder, which is disabled; enable it or "
            "freeze nothing"
        )
    if config.stat_dropout > 0 and config.frozen_networks:
        raise ValueError(
            "frozen networks answer constants, of which statistic dropout drops nothing; set "
            "it to 0"
        )
    if config.stat_dropout > 0 and not config.adaptive:
        raise ValueError(
            "statistic dropout acts on the input of the encoder-decoder, which is disabled; "
            "enable it or set the dropout to 0"
        )
    if config.rsc > 0 and config.batch_size < 2:
        raise ValueError(
            "rsc challenges a third of each batch, which of one image is none: take a "
            "batch_size of 2 or more, or set rsc to 0"
        )


def rarely_meant(config: Any) -> list[str]:
    """Settings that are allowed but rarely meant, one line each."""
    norm, lines = NORM_ROWS[config.norm], []
    if config.batch_size == 1 and norm.measures_batch:
        lines.append(
            f"{norm.title} with a batch of one: the batch statistics are those of the "
            "one image, so training behaves like instance normalization; take 2 or more to "
            "see batch statistics at work."
        )
    if norm.is_adaptive and config.adaptive and config.lambda_lr_factor == 0:
        lines.append("The λ learning-rate factor is 0: λ stays where it starts.")
    return lines
