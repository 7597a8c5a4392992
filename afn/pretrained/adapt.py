"""Having one pretrained network live on the planned streams; each goes on where it was left.

``python -m afn.pretrained.adapt NAME`` does so in a process of its own and says JSON lines.
"""

import base64
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from afn.adapt.asking import live_on
from afn.adapt.plan import AdaptMethod, StreamPlan
from afn.adapt.records import StreamStep, collapse_of
from afn.ask.network import Network
from afn.data import load_dataset
from afn.jsonl import append_line, read_lines
from afn.pretrained.cards import SUFFIXES, read_card
from afn.pretrained.export import sha256
from afn.pretrained.spec import Spec
from afn.pretrained.streamed import StreamAnswer
from afn.pretrained.streams import asks_of
from afn.pretrained.train import SayRecord, find_run, in_own_process, trained_network
from afn.runs.store import RunStore
from afn.settings.corruptions import RULE


def have_adapted(spec: Spec, store: RunStore, folder: Path, say: SayRecord) -> list[StreamAnswer]:
    """Have a trained model live on all streams that are planned for it.

    Args:
        spec: Its plan.
        store: Where its run is, if its weights do not come along; beside its runs answers are kept.
        folder: Where models are shipped.
        say: Told of each stream.

    Returns:
        All that it answered.

    Raises:
        ValueError: Nothing is planned for it, or it is not trained yet.
        FileNotFoundError: The data is not on disk.
    """
    asks = asks_of(spec.stem)
    if not asks:
        raise ValueError(f"no stream is planned for {spec.name}")
    network = _network(spec, store, folder)
    kept = store.root / ".adapted" / f"{spec.name}.jsonl"
    kept.parent.mkdir(parents=True, exist_ok=True)
    known = {
        each.ask: each
        for each in map(StreamAnswer.from_json, read_lines(kept)[0] if kept.exists() else [])
        if (each.weights, each.rule) == (network.sha256, RULE)
    }
    found = []
    for place, (plan, methods) in enumerate(asks.items(), start=1):
        these = [each for ask, each in known.items() if ask.plan == plan and ask.method in methods]
        lacking = [each for each in methods if each not in {known.ask.method for known in these}]
        for answer in _lived(spec, network, plan, lacking) if lacking else ():
            append_line(kept, asdict(answer))
            these.append(answer)
        found += these
        say({"kind": "streamed", "stream": place, "of": len(asks), "order": plan.order,
             "corruption": plan.corruption, "batch": plan.size})  # fmt: skip
    return found


def _network(spec: Spec, store: RunStore, folder: Path) -> Network:
    """The trained model; weights of further seeds are put beside those that come along."""
    if spec.is_shipped:
        return read_card(spec.name, folder).network()
    weights = folder / f"{spec.name}{SUFFIXES['weights']}"
    if not weights.exists():
        run = find_run(spec, store)
        if run is None or run.state().status != "finished":
            raise ValueError(
                f"{spec.name} is not trained here: python -m afn pretrained train {spec.name} "
                "--again"
            )
        network, _, _ = trained_network(spec, run, load_dataset(spec.config.dataset))
        weights.write_bytes(network.weights.read_bytes())
    first = read_card(spec.stem, folder).network()
    return replace(
        first, id=spec.name, config=spec.config, weights=weights,
        sha256=sha256(weights.read_bytes()),
    )  # fmt: skip


def _lived(
    spec: Spec, network: Network, plan: StreamPlan, methods: Sequence[AdaptMethod]
) -> Iterator[StreamAnswer]:
    """On one stream, side by side."""
    steps: list[list[StreamStep]] = [[] for _ in methods]
    contenders = [(network, method) for method in methods]
    for place, step in live_on(contenders, spec.config.dataset, plan):
        steps[place].append(step)
    for method, these in zip(methods, steps, strict=True):
        hits = _in_order(these)
        bits = base64.b64encode(np.packbits(hits).tobytes()).decode()
        yield StreamAnswer(
            model=spec.stem, seed=spec.config.seed, method=str(method), plan=plan, rule=RULE,
            weights=network.sha256, n=len(hits), correct=int(hits.sum()),
            collapsed=collapse_of(these),
            right="" if spec.config.seed else bits,
        )  # fmt: skip


def _in_order(steps: Iterable[StreamStep]) -> np.ndarray:
    """Whether each image was right, in the data set's order."""
    right = {
        number: hit for step in steps for number, hit in zip(step.images, step.hits, strict=True)
    }
    return np.array([right[number] for number in sorted(right)], np.bool_)


if __name__ == "__main__":
    in_own_process(sys.argv[1], have_adapted)
