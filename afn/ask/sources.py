"""Trained networks by name or by configuration: runs of the store, and pretrained models.

Both tell their events and have weights, so that a program need not care which one it holds.
Importing it needs no torch.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from afn.ask.network import Network
from afn.corruptions.severities import rule_words
from afn.engine.ready import check_ready
from afn.own.kept import KeptModel, OwnStore
from afn.own.source import ModelSource as Named
from afn.pretrained.cards import Card, pretrained_names, read_card
from afn.runs.index import RunIndex
from afn.runs.recording import Setup
from afn.runs.store import Run, RunStore
from afn.settings.commands import Timed
from afn.settings.config import TrainConfig

if TYPE_CHECKING:
    from torch import nn

Source = Run | Card
"""A trained network, and how it came to be."""


def find(name: str, store: RunStore | None = None) -> Source:
    """The run of that id, or the pretrained model of that name.

    Args:
        name: Of one of them.
        store: Where to look for runs; that of ``AFN_RUNS_DIR`` by default.

    Raises:
        ValueError: It is neither, or a pretrained model's card is damaged.
        FileNotFoundError: There is no such run.

    Example:
        >>> from afn import find
        >>> card = find("mnist5k-afn")
        >>> card.config.norm, card.inputs.image_shape
        ('afn', (28, 28, 1))
    """
    if name in pretrained_names():
        return read_card(name)
    try:
        return (store or RunStore()).open(name)
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"{error}; `python -m afn runs` and `python -m afn pretrained` list what there is "
            f"(AFN_RUNS_DIR and AFN_PRETRAINED_DIR name other folders)"
        ) from None


def trained(
    config: TrainConfig, script: Sequence[Timed] = (), store: RunStore | None = None
) -> Run:
    """The run of a configuration: found in the store where it has finished, else trained now.

    On one machine both give the same weights, bit for bit. One whose tests were corrupted under an
    older rule is trained again.

    Args:
        config: What to train.
        script: Commands by the step before which they are obeyed; see `afn.settings.commands`.
        store: Where runs are kept; that of ``AFN_RUNS_DIR`` by default.

    Raises:
        RuntimeError: The training failed, or somebody else is at it; says which.
        ValueError: The configuration does not fit its data set, or nobody knows that.
        FileNotFoundError: The data set is not on disk.

    Example:
        >>> from afn import TrainConfig, trained
        >>> config = TrainConfig(dataset="digits8", epochs=1, corruptions=())
        >>> run = trained(config)
        >>> trained(config).id == run.id  # it is found
        True
    """
    store = store or RunStore()
    run_id = f"{config.run_id}{_suffix(script)}"
    for line in RunIndex(store).lines():
        is_it = line.id == run_id
        if not script and not line.is_damaged and not line.forked_from and not line.recorded:
            is_it |= line.settings == config.changed() and not line.summary.get("changes")
        if is_it and not rule_words(line.rule) and line.status == "finished":
            return store.open(line.id)
    check_ready(config)
    import torch

    from afn.engine.execution import execute

    try:
        run = store.create(config, run_id=run_id)
    except FileExistsError:
        run = store.open(run_id)
        run.reopen(anew=True)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as the app trains: more would add in another order
    try:
        for _ in execute(run, script=script):
            pass
    finally:
        torch.set_num_threads(threads)
    end = run.state()
    if end.status not in ("finished", "stopped"):
        raise RuntimeError(f"run {run.id} is {end.status}{f': {end.reason}' if end.reason else ''}")
    return run


def load(source: Source) -> "nn.Module":
    """The trained network in eval mode, with the statistics mode that it was configured with.

    Raises:
        ValueError: It has no weights yet, or they are damaged.
        FileNotFoundError: They are missing.

    Example:
        >>> from afn import find, load
        >>> load(find("mnist5k-bn")).training
        False
    """
    from afn.ask.models import restored

    if isinstance(source, Card):
        source.read("weights")  # checks them
    return restored(network_of(source))


def network_of(source: Source | str, store: RunStore | None = None) -> Network:
    """It as evaluations see it; answers are kept in the run's folder, or beside the runs.

    Args:
        source: What it is of, or that one's name; or a model of one's own, ``FILE.py:FUNCTION`` or
            ``ARCHITECTURE:FILE.safetensors``, whose file is then executed (see `own_model`). With
            ``,norm=afn`` behind it it is converted, with ``,averages=DATASET`` its running averages
            are measured anew.
        store: Where runs are; that of ``AFN_RUNS_DIR`` by default.

    Raises:
        ValueError: It has no weights yet; or something is wrong with one's own model.
        FileNotFoundError: It was deleted.
    """
    if isinstance(source, str):
        if ":" in source:
            root = (store or RunStore()).root
            return own(source, root).network(root)
        source = find(source, store)
    if isinstance(source, Run):
        return Network.of_run(source)
    return source.network((store or RunStore()).root / ".pretrained" / source.name)


subject_of = network_of
"""As programs handed out call it."""


def setup_of(source: Source) -> Setup:
    """What was trained, or what is known of a model that was recorded."""
    recording = source.recording() if isinstance(source, Run) else None
    return recording or config_of(source)


def config_of(source: Source) -> TrainConfig:
    """What was trained."""
    return source.config if isinstance(source, Card) else source.config()


def own(name: str, root: Path) -> KeptModel:
    """A model of one's own: as it was kept while its file is the same, else taken now.

    Args:
        name: As `network_of` takes it.
        root: The run store's.

    Raises:
        ValueError: One line says what is wrong with it.
        ImportError: What it needs is not installed.
    """
    source = Named.read(name)
    kept = OwnStore(root).found(source)
    if kept is None:
        from afn.own.keeping import keep

        kept = keep(source, root)
    return kept


def _suffix(script: Sequence[Timed]) -> str:
    if not script:
        return ""
    text = json.dumps([[step, command] for step, command in script], sort_keys=True)
    return f"-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
