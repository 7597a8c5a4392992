"""``python -m afn course NAME``: what λ, γ̂ and β̂ were as a network learned."""

import argparse
import math
from statistics import fmean, pstdev
from typing import get_args

from afn.ask.sources import Source, find
from afn.cli.telling import Say
from afn.runs.course import Quantity, course_of, rescaling_of
from afn.settings.lambda_init import GREEK, LAMBDAS

RESCALING = "rescaling"
_MOVES = {"mu": "|μ̂ − μ| / σ", "sigma": "σ̂ / σ"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("names", nargs="+", metavar="NAME", help="runs and pretrained models")
    parser.add_argument(
        "--of", choices=[*get_args(Quantity), RESCALING], default="lambda",
        help="λ (default), its logit, change, gradient or move, in every layer at the first and "
        "the last step; or γ̂ and β̂, mean and spread over the channels at every snapshot",
    )  # fmt: skip
    parser.add_argument("--layer", metavar="NAME", help="only this one")


def run(options: argparse.Namespace, say: Say) -> None:
    """Say what the events hold."""
    for name in options.names:
        source = find(name)
        if options.of == RESCALING:
            _rescaling(name, source, options.layer, say)
        else:
            _lambdas(name, source, options.of, options.layer, say)


def _lambdas(name: str, source: Source, quantity: Quantity, layer: str | None, say: Say) -> None:
    layers, course = course_of(source, quantity)
    if not layers:
        raise ValueError(f"{name} has no λ: it belongs to AFN and ASRNorm")
    _check_layer(layer, layers)
    if not len(course.steps):
        raise ValueError(f"{name} has recorded nothing of its {quantity} yet")
    titles = _MOVES if quantity == "move" else {which: GREEK[which] for which in LAMBDAS}
    for place, values in zip(layers, course.values, strict=True):
        if layer in (None, place):
            for (which, title), numbers in zip(titles.items(), values, strict=True):
                first, last = float(numbers[0]), float(numbers[-1])
                say(
                    f"{name}  {place:<12} {title:<12} {first:.6f} at step {course.steps[0]:g}, "
                    f"{last:.6f} at step {course.steps[-1]:g}",
                    {
                        "kind": quantity, "name": name, "layer": place, "of": which,
                        "first_step": float(course.steps[0]), "first": _number(first),
                        "last_step": float(course.steps[-1]), "last": _number(last),
                    },
                )  # fmt: skip


def _rescaling(name: str, source: Source, layer: str | None, say: Say) -> None:
    for step, layers in rescaling_of(source).items():
        _check_layer(layer, layers)
        for place, (gamma, beta) in layers.items():
            if layer in (None, place):
                say(
                    f"{name}  step {step:>6}  {place:<12} γ̂ {fmean(gamma):.6f} ± "
                    f"{pstdev(gamma):.6f}  β̂ {fmean(beta):.6f} ± {pstdev(beta):.6f}",
                    {
                        "kind": RESCALING, "name": name, "step": step, "layer": place,
                        "gamma": fmean(gamma), "gamma_spread": pstdev(gamma),
                        "beta": fmean(beta), "beta_spread": pstdev(beta),
                    },
                )  # fmt: skip


def _check_layer(layer: str | None, known: object) -> None:
    names = list(known)  # type: ignore[call-overload]
    if layer is not None and layer not in names:
        raise ValueError(f"no norm layer {layer!r}; known: {', '.join(names)}")


def _number(value: float) -> float | None:
    """JSON has no NaN: a λ of exactly 0 has no logit."""
    return value if math.isfinite(value) else None
