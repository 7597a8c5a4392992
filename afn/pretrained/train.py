"""Making one pretrained model: train it, ask it, ship it; each step goes on where it was left.

``python -m afn.pretrained.train NAME`` does so in a process of its own and says JSON lines.
"""

import json
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import nn

from afn.ask.network import Network
from afn.ask.records import Cell, Place, Question
from afn.data import ImageData, load_dataset
from afn.engine.execution import execute
from afn.engine.ready import check_ready
from afn.engine.training import Training
from afn.pretrained.answers import answers_of
from afn.pretrained.cards import Card, Data, Inputs, pretrained_dir
from afn.pretrained.checksums import checksum
from afn.pretrained.export import cell_records, export, packed, sha256, thinned
from afn.pretrained.hits import keep_hits
from afn.pretrained.plan import chosen
from afn.pretrained.results import Accuracy
from afn.pretrained.spec import Spec
from afn.runs.store import Run, RunStore
from afn.work.memory import keep_freed_memory

SayRecord = Callable[[dict[str, Any]], None]
LABEL = "pretrained/"
"""Before a model's name, the label of its run."""


def make(spec: Spec, store: RunStore, folder: Path, say: SayRecord) -> list[Accuracy]:
    """Have the model trained, asked and, if it is to be, shipped; what is done is not done again.

    Args:
        spec: What to make.
        store: Where its run is, or will be.
        folder: Where models are shipped to.
        say: Told of every test in training, and of what else is done.

    Returns:
        All that it was asked.

    Raises:
        RuntimeError: The training failed or was stopped.
        ValueError: Another process is at it, or the data does not fit.
        FileNotFoundError: The data is not on disk.
    """
    run = trained(spec, store, say)
    own = load_dataset(spec.config.dataset)
    domains = [load_dataset(name) for name in spec.domains]
    network, model, inputs = trained_network(spec, run, own)
    contents = {"weights": network.weights.read_bytes()}
    answers: dict[Question, dict[Place, Cell]] = {}
    for question, cell in answers_of(spec, network, own=own, domains=domains):
        answers.setdefault(question, {})[cell.place] = cell
    accuracies = [Accuracy.of(q, cell) for q, cells in answers.items() for cell in cells.values()]
    say({"kind": "asked", "cells": len(accuracies)})
    by_question = {question: cells.values() for question, cells in answers.items()}
    if spec.config.seed == 0 and not spec.keeps_weights:
        say({"kind": "shipped", "bytes": keep_hits(folder, spec, by_question)})
    if spec.is_shipped:
        contents["events"] = packed(thinned(run.events()[0]))
        contents["cells"] = packed(cell_records(by_question))
        size = sum(parameter.numel() for parameter in model.parameters())
        card = _card(spec, run, folder, inputs, size, own, domains, contents, accuracies)
        export(card, contents)
        say({"kind": "shipped", "bytes": sum(map(len, contents.values()))})
    return accuracies


def trained(spec: Spec, store: RunStore, say: SayRecord) -> Run:
    """The finished run of a planned model: as it is found, gone on with, or made.

    Raises:
        RuntimeError: The training failed or was stopped.
        ValueError: Another process is at it.
    """
    run = find_run(spec, store)
    status = run.state().status if run else None
    if run and status in ("running", "waiting"):
        raise ValueError(f"another process is at it: run {run.id}")
    if run and status == "finished":
        say({"kind": "found", "run": run.id})
        return run
    if run and run.reopen():
        say({"kind": "resumed", "run": run.id})
    else:
        check_ready(spec.config)
        run = store.create(spec.config, name=f"{LABEL}{spec.name}", keeps="last")
        say({"kind": "begun", "run": run.id})
    for event in execute(run):
        if event.kind == "evaluation":
            say({"kind": "tested", **event.values})
    state = run.state()
    if state.status != "finished":
        raise RuntimeError(f"its training {state.status}: {state.reason}")
    run.keep_last_checkpoint()
    say({"kind": "trained", "run": run.id, **(state.summary or {})})
    return run


def find_run(spec: Spec, store: RunStore) -> Run | None:
    """The run of a planned model: a finished one, else the newest."""
    found = []
    for run in store.list():
        try:
            record = run.record()
            if record.get("name") == f"{LABEL}{spec.name}" and run.config() == spec.config:
                found.append(run)
        except (ValueError, OSError):
            continue  # of another version, damaged, or deleted since
    finished = (run for run in found if run.state().status == "finished")
    return next(finished, found[0] if found else None)


def trained_network(spec: Spec, run: Run, own: ImageData) -> tuple[Network, nn.Module, Inputs]:
    """A planned model from its finished run, beside which its weights are kept."""
    training = Training(spec.config)
    training.restore(run.require_weights())
    inputs = Inputs(
        image_shape=training.data.image_shape,
        mean=training.data.mean,
        std=training.data.std,
        class_names=own.class_names,
    )
    weights = run.path / "pretrained.safetensors"
    content = save({name: t.contiguous() for name, t in training.model.state_dict().items()})
    weights.write_bytes(content)
    network = Network(
        id=spec.name,
        config=spec.config,
        image_shape=inputs.image_shape,
        class_names=inputs.class_names,
        weights=weights,
        sha256=sha256(content),
        folder=run.path / "grids",
    )
    return network, training.model, inputs


def _card(
    spec: Spec,
    run: Run,
    folder: Path,
    inputs: Inputs,
    num_parameters: int,
    own: ImageData,
    domains: list[ImageData],
    contents: dict[str, bytes],
    accuracies: list[Accuracy],
) -> Card:
    summary, record = run.state().summary or {}, run.record()
    return Card(
        name=spec.name,
        folder=folder,
        group=spec.group,
        setting=spec.setting,
        config=spec.config,
        inputs=inputs,
        num_parameters=num_parameters,
        trained_on=_data(own.first(spec.config.train_images), with_training=True),
        tested_on=tuple(_data(data, with_training=False) for data in domains),
        steps=summary["step"],
        seconds=summary["seconds"],
        created=time.strftime("%Y-%m-%d", time.gmtime(record["created"])),
        versions={
            **record.get("versions", {}),
            "python": platform.python_version(),
            "processor": f"{platform.machine()}, {torch.backends.cpu.get_cpu_capability()}",
        },
        sha256={what: sha256(content) for what, content in contents.items()},
        accuracies=tuple(accuracies),
    )


def _data(data: ImageData, *, with_training: bool) -> Data:
    return Data(
        name=data.name,
        num_train=len(data.y_train) if with_training else 0,
        num_test=len(data.y_test),
        sha256=checksum(data, with_training=with_training),
    )


def in_own_process(name: str, make: Callable[[Spec, RunStore, Path, SayRecord], list[Any]]) -> None:
    """Make or ask one model in this process, on one thread; JSON lines, its answers last."""

    def say(record: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")
        sys.stdout.flush()

    torch.set_num_threads(1)
    keep_freed_memory()
    [spec] = chosen([name])
    try:
        answers = make(spec, RunStore(), pretrained_dir(), say)
    except (ValueError, OSError, ArithmeticError, RuntimeError, ImportError) as error:
        say({"kind": "failed", "error": " ".join(str(error).split())})
        sys.exit(1)
    say({"kind": "made", "answers": [asdict(each) for each in answers]})


if __name__ == "__main__":
    in_own_process(sys.argv[1], make)
