"""Whether a run can begin, asked before there is one. Needs no torch and reads no images."""

from collections.abc import Callable

from afn.data import DatasetEntry, dataset_entry
from afn.data.classes import Naming
from afn.imagenet import weights_file
from afn.settings.backbones import BACKBONE_ROWS
from afn.settings.config import TrainConfig
from afn.settings.fitting import check_against_data, check_corruptible, check_imagenet, check_steps


def check_ready(
    config: TrainConfig,
    entry_of: Callable[[str], DatasetEntry] = dataset_entry,
    *,
    to_its_end: bool = False,
    goes_on: bool = False,
) -> None:
    """Raise with one line unless the data of a configuration are there and fit it.

    Args:
        config: What is to be trained.
        entry_of: Looks up a data set's entry; who asks of many configurations caches it.
        to_its_end: Whether a run that its limit of steps cuts short is of no use, though the limit
            was chosen.
        goes_on: Whether it begins where another run stands, so that steps are left of all epochs
            that none can tell here.

    Raises:
        ValueError: A data set is unknown, unusable, not as the configuration needs it, or, if it is
            one of the test domains, without a class that is trained; the limit of steps, unless it
            was chosen, would cut the run short.
        FileNotFoundError: A data set is not on disk, or ImageNet weights are not installed; the
            line says how to get it.
    """
    entry = _here(entry_of(config.dataset))
    side = min(entry.image_shape[:2])
    check_against_data(config, entry.num_train, side)
    check_imagenet(config, entry.image_shape[2])
    check_corruptible(config, side)
    if BACKBONE_ROWS[config.backbone].is_imagenet:
        weights_file()
    if to_its_end or (config.max_steps == TrainConfig().max_steps and not goes_on):
        check_steps(config, entry.num_train)
    for name in config.test_domains:
        domain = _here(entry_of(name))
        Naming(dataset=name, classes=domain.class_names, logits=entry.class_names)


def _here(entry: DatasetEntry) -> DatasetEntry:
    if not entry.how_to_get:
        return entry
    if not entry.class_names:
        raise ValueError(f"{entry.name} cannot be used: {entry.how_to_get}")
    raise FileNotFoundError(f"{entry.name} is not on disk; to get it: {entry.how_to_get}")
