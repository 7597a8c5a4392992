"""Asking a shipped model anew, without its run: what is planned today, under today's rules.

``python -m afn.pretrained.ask NAME`` does so in a process of its own and says JSON lines.
"""

import copy
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load, save
from torch import Tensor

from afn.ask.models import restored
from afn.ask.records import Cell, Place, Question
from afn.data import ImageData, load_dataset
from afn.norms import AdaptiveNorm, recalibrate
from afn.pixels import as_float
from afn.pretrained.answers import answers_of
from afn.pretrained.cards import Card, read_card
from afn.pretrained.checksums import checksum
from afn.pretrained.export import cell_records, export, packed, sha256
from afn.pretrained.results import Accuracy
from afn.pretrained.spec import Spec
from afn.pretrained.train import SayRecord, in_own_process
from afn.runs.store import RunStore

_BATCH = 128


def ask_again(spec: Spec, store: RunStore, folder: Path, say: SayRecord) -> list[Accuracy]:
    """Have a shipped model answer all that is planned, and ship the answers; weights stay.

    Weights of before ASRNorm tracked the mean of σ get it, measured on their training images.
    Answers are kept beside the runs as they come, so that what was cut short goes on.

    Args:
        spec: Its plan.
        store: Beside its runs answers are kept.
        folder: Where the model is shipped.
        say: Told of what is done.

    Returns:
        All that it was asked.

    Raises:
        ValueError: It is not shipped, damaged, or the data is not what it was trained on.
        FileNotFoundError: The data is not on disk.
    """
    card = read_card(spec.name, folder)
    own = load_dataset(spec.config.dataset)
    trained_on = own.first(spec.config.train_images)
    if checksum(trained_on, with_training=True) != card.trained_on.sha256:
        raise ValueError(
            f"{own.name} here is not the data that {spec.name} was trained on: its SHA-256 is "
            f"another than the card's"
        )
    weights = card.read("weights")
    kept = store.root / ".asked" / spec.name
    kept.mkdir(parents=True, exist_ok=True)
    (kept / "weights.safetensors").write_bytes(_with_sigma(card, weights, trained_on))
    contents = {"weights": (kept / "weights.safetensors").read_bytes()}
    network = replace(
        card.network(kept),
        weights=kept / "weights.safetensors",
        sha256=sha256(contents["weights"]),
    )
    if contents["weights"] == weights:
        card.unpack_answers(kept)
    domains = [load_dataset(name) for name in spec.domains]
    answers: dict[Question, dict[Place, Cell]] = {}
    for question, cell in answers_of(spec, network, own=own, domains=domains):
        answers.setdefault(question, {})[cell.place] = cell
    accuracies = [Accuracy.of(q, cell) for q, cells in answers.items() for cell in cells.values()]
    say({"kind": "asked", "cells": len(accuracies)})
    contents["cells"] = packed(cell_records({q: cells.values() for q, cells in answers.items()}))
    sums = {what: sha256(content) for what, content in contents.items()}
    export(replace(card, sha256={**card.sha256, **sums}, accuracies=tuple(accuracies)), contents)
    say({"kind": "shipped", "bytes": sum(map(len, contents.values()))})
    return accuracies


def _with_sigma(card: Card, weights: bytes, data: ImageData) -> bytes:
    """The weights, with the mean of σ over training images where they lack it."""
    model = restored(card.network())
    lacking = {
        f"{path}.running_sigma"
        for path, layer in model.named_modules()
        if isinstance(layer, AdaptiveNorm)
        if layer.is_per_image and bool(layer.get_buffer("running_sigma").isnan().any())
    }
    if not lacking:
        return weights
    measured = recalibrate(copy.deepcopy(model), _batches(data)).state_dict()
    tensors = load(weights)
    return save({**tensors, **{name: measured[name].contiguous() for name in lacking}})


def _batches(data: ImageData) -> Iterator[Tensor]:
    pixels = torch.from_numpy(data.x_train)
    return (as_float(batch) for batch in pixels.split(_BATCH))


if __name__ == "__main__":
    in_own_process(sys.argv[1], ask_again)
