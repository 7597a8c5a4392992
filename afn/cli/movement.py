"""``python -m afn movement NAME``: how far small networks moved from their start."""

import argparse
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from afn.ask.movement import Movement, NetworkMovement, OutputMovement
from afn.ask.movement_statistics import movement_of
from afn.ask.sources import find, network_of
from afn.cli.telling import Say
from afn.pretrained.cards import pretrained_names, read_card
from afn.settings.lambda_init import GREEK
from afn.settings.norms import ADAPTIVE_NORMS
from afn.stats.decay import DecayAlone, decay_alone
from afn.work.memory import keep_freed_memory


def run(options: argparse.Namespace, say: Say) -> None:
    """Say of each network how far it moved, and of each answer how much it does."""
    torch.set_num_threads(1)
    keep_freed_memory()
    if bool(options.names) == options.all:
        raise ValueError("name runs or pretrained models, or say --all")
    known = _read(Path(options.output)) if options.output else {}
    kept = []
    for name in options.names or with_networks():
        source = find(name)
        trained = network_of(source)
        asked = {"num_images": options.images, "batch_size": options.batch_size}
        record = known.get(trained.sha256, {})
        if any(record.get(key) != value for key, value in asked.items()):
            record = movement_of(trained, **asked).to_json()
        found = Movement.from_json(record)
        _tell(name, found, decay_alone(source), say)
        kept.append({"name": name, "sha256": trained.sha256, **found.to_json()})
    if options.output:
        lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in kept)
        Path(options.output).write_text("".join(lines))


def _read(path: Path) -> dict[str, dict[str, Any]]:
    """What was kept, by the SHA-256 of the weights."""
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError:
        return {}
    return {record["sha256"]: record for record in map(json.loads, lines)}


def with_networks() -> list[str]:
    """The names of the pretrained models that have small networks."""
    configs = {name: read_card(name).config for name in pretrained_names()}
    return [
        name for name, config in configs.items()
        if config.norm in ADAPTIVE_NORMS and config.adaptive
    ]  # fmt: skip


def _tell(name: str, found: Movement, decay: DecayAlone, say: Say) -> None:
    cosine, ratio = found.weights
    alone = f"not known: {decay.why}" if decay.ratio is None else f"{decay.ratio:.4f}"
    say(
        f"{name}  all small networks: cosine to the start {cosine:.4f}, norm {ratio:.4f} of the "
        f"start's; weight decay alone: {alone}",
        {
            "kind": "movement", "name": name, "cosine": cosine, "ratio": ratio,
            "decay_alone": decay.ratio, "decay_unknown": decay.why,
            "images": found.num_images, "batch_size": found.batch_size,
            "conditions": [list(each) for each in found.conditions],
        },
    )  # fmt: skip
    for network in found.networks:
        record = {"kind": "network", "name": name, **asdict(network)}
        say(f"{name}  {_network_line(network)}", record)
    for output in found.outputs:
        record = {"kind": "answer", "name": name, **asdict(output)}
        say(f"{name}  {_output_line(output, found)}", record)


def _network_line(network: NetworkMovement) -> str:
    dead = ""
    if network.dead is not None:
        of_mu, of_sigma = network.dead
        dead = f"  dead units of {network.hidden}: fed μ {of_mu}, fed σ {of_sigma}"
    cosine, ratio = network.weights
    return f"{network.layer:<28} {network.part:<12} cosine {cosine:.4f}  norm {ratio:.4f}{dead}"


def _output_line(output: OutputMovement, found: Movement) -> str:
    """In percent of the spread of what it acts on."""

    def told(values: Iterable[float | None]) -> str:
        return " and ".join(
            f"{100 * output.in_spreads(value):.3g}" for value in values if value is not None
        )

    unit = "σ" if output.measured else "γ̂"
    text = f"{GREEK[output.output]} {output.lambda_:.4f}, its answer in % of {unit}: always "
    text += f"{told([output.effect])}, between {found.varies_between} {told([output.varies])}"
    if output.follows is not None:
        text += f", between conditions {told([output.follows])}"
    if output.measured:
        text += f" ({'μ' if output.output == 'mu' else 'σ'} itself {told(output.measured)})"
    return f"{output.layer:<28} {text}"
