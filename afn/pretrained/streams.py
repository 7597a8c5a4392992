"""Adapting at test time, measured of pretrained networks: what is asked. No torch.

Networks of three trainings (BN, and AFN whose networks learn; ResNet-8 on CIFAR-10) live on
streams of test images. `python -m afn pretrained adapt` measures what is lacking; the first
seed's networks come along, the others are trained by ``pretrained train``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from afn.adapt.plan import STREAM_WAYS, AdaptMethod, StreamOrder, StreamPlan
from afn.adapt.protocol import PROTOCOL_SEVERITY, protocol_plans
from afn.sweep.plan import Point

BN, AFN = "cifar10-r8-bn", "cifar10-r8-afn-learn"
STREAM_MODELS, STREAM_SEEDS = (BN, AFN), (0, 1, 2)
STREAM_PLACES = (None, "gaussian_noise", "defocus_blur", "fog", "contrast")
"""Of the ablations: clean images, and one corruption of each kind."""
_IMAGES, _PROTOCOL_IMAGES = 1000, 5000


@dataclass(frozen=True, slots=True)
class StreamAsk:
    """One network, in one way to adapt, on one stream."""

    model: str
    """Of `PLAN`, without the seed."""
    method: AdaptMethod
    plan: StreamPlan


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamAblation:
    """What varies, and at each point the streams whose mean is drawn."""

    title: str
    question: str
    arms: Mapping[Point, tuple[StreamAsk, ...]]
    """By place in `STREAM_PLACES`."""
    over: str
    """The axis to draw along."""


def _arm(model: str, method: str, **plan: Any) -> tuple[StreamAsk, ...]:
    found = []
    for corruption in STREAM_PLACES:
        stream = StreamPlan(
            **{"images": _IMAGES, **plan}, corruption=corruption, severity=PROTOCOL_SEVERITY
        )
        if method == "running" and stream.order in ("mixed", "sorted"):  # whatever its batches
            stream = replace(stream, order="mixed", batch_size=200)
        found.append(StreamAsk(model, AdaptMethod.read(method), stream))
    return tuple(found)


_PARTS = {
    STREAM_WAYS[way]: (AFN if way in ("afn", "frozen") else BN, "batch" if way == "afn" else way)
    for way in ("running", "batch", "prior", "moving", "tent", "afn", "frozen")
}
"""Network and way to adapt, by contender."""
_SIZES = (1, 5, 20, 50, 200)
_ORDERS: tuple[StreamOrder, ...] = ("mixed", "comes and goes", "drifting", "sorted")
_RATES = ("0.001", "0.005", "0.01", "0.05")
_ALPHAS = ("0", "0.25", "0.5", "0.75", "1")

STREAM_ABLATIONS: dict[str, StreamAblation] = {
    "adapting-batch-size": StreamAblation(
        title="Adapting: test batch",
        question="On a stream of CIFAR-10 images: how many must come together before adapting to "
        "them pays?",
        arms={
            (("part", part), ("test batch", f"{size}")): _arm(*way, batch_size=size)
            for part, way in _PARTS.items()
            for size in _SIZES
        },
        over="test batch",
    ),
    "adapting-order": StreamAblation(
        title="Adapting: order",
        question="In batches of 20 images of CIFAR-10: does it matter in which order they come?",
        arms={
            (("part", part), ("order", order)): _arm(*way, batch_size=20, order=order)
            for part, way in _PARTS.items()
            for order in _ORDERS
        },
        over="order",
    ),
    "adapting-tent-rate": StreamAblation(
        title="Adapting: TENT's rate",
        question="In batches of 20: how fast may a network learn from its own answers before it "
        "collapses?",
        arms={
            (("order", order), ("rate", rate)): _arm(
                BN, f"tent={rate}" if rate != "0" else "batch", batch_size=20, order=order
            )
            for order in ("mixed", "sorted")
            for rate in ("0", *_RATES)
        },
        over="rate",
    ),
    "adapting-mix": StreamAblation(
        title="Adapting: mix",
        question="In batches of 20: how much of the statistics should be the test batch's own?",
        arms={
            (("order", order), ("share of the test batch", alpha)): _arm(
                BN, {"0": "running", "1": "batch"}.get(alpha, f"mix={alpha}"),
                batch_size=20, order=order,
            )
            for order in ("mixed", "sorted")
            for alpha in _ALPHAS
        },
        over="share of the test batch",
    ),
}  # fmt: skip
"""In the order of the Ablations page."""

PROTOCOL_WAYS = ("running", "batch", "tent", "afn", "frozen")
"""Contenders, of `STREAM_WAYS`."""


def protocol_asks(way: str) -> tuple[StreamAsk, ...]:
    """The fifteen streams of the published protocol, for one of `PROTOCOL_WAYS`."""
    model, method = _PARTS[STREAM_WAYS[way]]
    plans = protocol_plans(_PROTOCOL_IMAGES)
    return tuple(StreamAsk(model, AdaptMethod.read(method), plan) for plan in plans)


def asks_of(model: str) -> dict[StreamPlan, list[AdaptMethod]]:
    """All that a network is to be asked: ways to adapt by stream, the protocol first."""
    arms = [protocol_asks(way) for way in PROTOCOL_WAYS]
    arms += [arm for ablation in STREAM_ABLATIONS.values() for arm in ablation.arms.values()]
    found: dict[StreamPlan, dict[AdaptMethod, None]] = {}
    for ask in (ask for arm in arms for ask in arm if ask.model == model):
        found.setdefault(ask.plan, {})[ask.method] = None
    return {plan: list(methods) for plan, methods in found.items()}
