"""Ablations of adapting at test time, of pretrained networks, as a sweep's results."""

from collections.abc import Sequence
from functools import lru_cache

from afn.pretrained.plan import PLAN
from afn.pretrained.streamed import StreamAnswer, StreamResults
from afn.pretrained.streams import STREAM_ABLATIONS, StreamAblation, StreamAsk
from afn.runs.index import Line
from afn.sweep.plan import Planned
from afn.wording import count_words

from ...kit import measured
from ...kit.results import SweepResults


def known() -> dict[str, SweepResults]:
    """Ablations of adapting that can be compared by now, by name.

    Raises:
        ValueError: What was measured is damaged.
    """
    return _known(measured.streams())


@lru_cache(maxsize=4)
def _known(results: StreamResults) -> dict[str, SweepResults]:
    found = {name: results_of(each, results) for name, each in STREAM_ABLATIONS.items()}
    return {name: each for name, each in found.items() if each}


def results_of(ablation: StreamAblation, streams: StreamResults) -> SweepResults | None:
    """Of as many arms as have results; None below two, where there is nothing to compare."""
    runs, lines = list[Planned](), dict[str, Line]()
    for point, asks in ablation.arms.items():
        for seed, answers in streams.complete(asks).items():
            run_id = f"{point} {seed}"
            config = PLAN[_model(asks, seed)].config
            runs.append(Planned(point=point, config=config, run_id=run_id))
            lines[run_id] = _line(run_id, asks, answers)
    if len({run.point for run in runs}) < 2:
        return None
    plans = [asks[0].plan for asks in ablation.arms.values()]
    images, changing = plans[0].images, {"drifting", "comes and goes"}
    severity = "severity up to 5" if changing & {plan.order for plan in plans} else "severity 5"
    return SweepResults(
        runs=sorted(runs, key=lambda run: run.config.seed),
        lines=lines,
        provenance=f"**Precomputed** · pretrained networks on streams of "
        f"{count_words(images, 'image')}, {severity}, one shuffle of them",
        judges_training=False,
    )


def _model(asks: Sequence[StreamAsk], seed: int) -> str:
    return asks[0].model + (f"-s{seed}" if seed else "")


def _line(run_id: str, asks: Sequence[StreamAsk], answers: Sequence[StreamAnswer]) -> Line:
    """What a sweep would know of such a run: its accuracy clean, and under each corruption."""
    config = PLAN[asks[0].model].config
    accuracies = {
        ask.plan.corruption: (answer.correct / answer.n, answer.rule)
        for ask, answer in zip(asks, answers, strict=True)
    }
    clean, _ = accuracies.pop(None)
    tests = [
        {"dataset": config.dataset, "corruption": name, "accuracy": accuracy, "rule": rule}
        for name, (accuracy, rule) in accuracies.items()
    ]
    return Line(
        id=run_id, created=1.0, settings=config.changed(), status="finished",
        summary={"accuracy": clean, "tests": tests},
    )  # fmt: skip
