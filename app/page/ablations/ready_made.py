"""The ready-made ablations: a question, what to expect, and the answer as the data gives it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from afn.settings.norms import NORM_TITLES
from afn.stats.over_seeds import OverSeeds, difference

from ...kit import folders
from ...kit.results import SweepResults, points

FOLDER = folders.REFERENCE / "sweeps"
"""A sweep's specification as NAME.toml, and what came out of it as NAME.jsonl."""
_LEARNED = 50.0
"""Percent of accuracy from which on a network is said to have learned."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadyMade:
    """One ablation."""

    title: str
    question: str
    expectations: tuple[str, ...]
    answer: Callable[[SweepResults], tuple[int, str] | None]
    """The number of the expectation that came true, and what was measured, in a sentence;
    None where the results that it needs are not there."""
    metric: str = "clean"
    over: str = ""
    figure: str = "lines"
    note: str = ""
    """What is to be known of the setting."""

    def path(self, name: str, suffix: str) -> Path:
        """Its file."""
        return FOLDER / f"{name}{suffix}"


def _batch_size(results: SweepResults) -> tuple[int, str] | None:
    drops = {
        norm: results.gain(
            "clean", {"norm": norm, "batch size": "2"}, {"norm": norm, "batch size": "64"}
        )
        for norm in ("bn", "asrnorm", "afn")
    }
    known = {norm: drop for norm, drop in drops.items() if drop}
    if len(known) < 3:
        return None
    ranked = sorted(known, key=lambda norm: known[norm].mean, reverse=True)
    lead = difference(known[ranked[0]], known[ranked[1]])
    told = "; ".join(f"{_NAMES[norm]} {points(known[norm])}" for norm in known)
    number = ("bn", "asrnorm", "afn").index(ranked[0]) if lead and lead.is_clear else 3
    return number, f"From batches of 64 to batches of 2, accuracy changes by: {told}."


def _test_batch(results: SweepResults) -> tuple[int, str] | None:
    labels = results.axes.get("norm", [])
    drops = {
        label: results.gain(
            "clean",
            {"norm": label, "eval_batch_size": "2"},
            {"norm": label, "eval_batch_size": "128"},
        )
        for label in labels
    }
    known = {label: drop for label, drop in drops.items() if drop}
    if len(known) < len(labels) or not known:
        return None
    losers = {label for label, drop in known.items() if drop.is_clear and drop.mean < 0}
    number = (
        0 if losers == {"bn, test batch", "afn"}
        else 1 if losers == {"afn"}
        else 2 if not losers
        else 3
    )  # fmt: skip
    told = "; ".join(f"{_NAMES.get(label, label)} {points(drop)}" for label, drop in known.items())
    return number, f"From test batches of 128 to test batches of 2, accuracy changes by: {told}."


def _lambda_start(results: SweepResults) -> tuple[int, str] | None:
    most, paper = {"norm": "afn", "lambda_init": "3"}, {"norm": "afn", "lambda_init": "-3"}
    diverged, clean = results.at("diverged", most), results.at("clean", most)
    gain = results.gain("clean", most, paper)
    if diverged and diverged.mean > 0:
        return 0, f"{diverged.mean:.0f} % of the runs with λ from 0.95 diverge."
    if clean is None or gain is None:
        return None
    if clean.mean < _LEARNED:
        return 0, (
            f"With λ from 0.95 AFN ends at {clean.mean:.1f} % of accuracy, where 10 % is chance: "
            f"{points(gain)} against the paper's start."
        )
    moved = results.at("moved:mu", paper)
    moves = f" From the paper's start λ_μ moves by {moved.mean:.4f}." if moved else ""
    number = 3 if gain.is_clear and gain.mean > 0 else 1 if gain.is_clear else 2
    return number, f"λ from 0.95 against λ from 0.047: {points(gain)}.{moves}"


def _parts(results: SweepResults) -> tuple[int, str] | None:
    whole = results.gain("corrupted", {"part": "afn"}, {"part": "bn, running averages"})
    networks = results.gain("corrupted", {"part": "afn"}, {"part": "afn without networks"})
    if whole is None or networks is None:
        return None
    is_most = networks.is_clear and networks.mean > whole.mean / 2
    number = (
        0 if is_most
        else 3 if networks.is_clear and networks.mean < 0
        else 1 if networks.is_clear
        else 2
    )  # fmt: skip
    return number, (
        f"Under corruption AFN has {points(whole)} over BN with running averages; over itself "
        f"without networks {points(networks)}."
    )


def _widths(results: SweepResults) -> tuple[int, str] | None:
    gains = {
        name: results.gain("clean", {axis: "2"}, {axis: "32"})
        for axis, name in (("stan_ratio", "standardization"), ("rescale_ratio", "rescaling"))
    }
    told = {name: gain for name, gain in gains.items() if gain}
    if len(told) < 2:
        return None
    clear = [gain.mean for gain in told.values() if gain.is_clear]
    number = 2 if not clear else 0 if min(clear) > 0 else 1 if max(clear) < 0 else 3
    words = " and ".join(f"{points(gain)} for {name}" for name, gain in told.items())
    return number, f"Networks of C/2 against networks of C/32: {words}."


def _dropout(results: SweepResults) -> tuple[int, str] | None:
    gain = results.gain(
        "clean", {"norm": "afn", "stat_dropout": "0.5"}, {"norm": "afn", "stat_dropout": "0"}
    )
    if gain is None:
        return None
    return _better_worse(gain), f"Dropout of one half against none, AFN: {points(gain)}."


def _lambda_rate(results: SweepResults) -> tuple[int, str] | None:
    fast = {"norm": "afn", "lambda_lr_factor": "100"}
    plain = {"norm": "afn", "lambda_lr_factor": "1"}
    diverged = results.at("diverged", fast)
    if diverged and diverged.mean > 0:
        return 3, f"{diverged.mean:.0f} % of the runs with a factor of 100 diverge."
    gain = results.gain("clean", fast, plain)
    moved, before = results.at("moved:mu", fast), results.at("moved:mu", plain)
    if gain is None or moved is None or before is None:
        return None
    return _better_worse(gain), (
        f"With a factor of 100, λ_μ moves by {moved.mean:.3f} instead of {before.mean:.4f}, and "
        f"accuracy changes by {points(gain)}."
    )


def _stability(results: SweepResults) -> tuple[int, str] | None:
    axes = results.axes
    highest: dict[str, float] = {}
    for norm in axes.get("norm", []):
        for rate in axes["lr"]:
            clean = results.at("clean", {"norm": norm, "lr": rate})
            diverged = results.at("diverged", {"norm": norm, "lr": rate})
            learned = clean and min(value for _, value in clean.values) >= _LEARNED
            if learned and diverged and not diverged.mean:
                highest[norm] = max(highest.get(norm, 0.0), float(rate))
    if not highest:
        return None
    top = [norm for norm, rate in highest.items() if rate == max(highest.values())]
    told = ", ".join(f"{_NAMES[norm]} {rate:g}" for norm, rate in highest.items())
    number = ("none", "bn", "asrnorm", "afn").index(top[0]) if len(top) == 1 else 4
    return number, (
        f"The highest rate with which all seeds reach {_LEARNED:.0f} % of accuracy: {told}."
    )


def _better_worse(gain: OverSeeds) -> int:
    return 2 if not gain.is_clear else 0 if gain.mean > 0 else 1


_NAMES = {
    **NORM_TITLES,
    "bn, running averages": "BN with running averages", "bn, test batch": "BN with the test batch",
}  # fmt: skip
READY_MADE: dict[str, ReadyMade] = {
    "parts": ReadyMade(
        title="Which part of AFN",
        question="What AFN gains over BN under corruption: is it owed to its networks, or to the "
        "statistics of the test batch, which BN can use too?",
        expectations=(
            "Most of it is owed to the networks",
            "A part that can be told from chance",
            "Nothing that can be told from chance",
            "The networks cost accuracy",
        ),
        answer=_parts,
        metric="corrupted",
    ),
    "lambda-start": ReadyMade(
        title="Where λ starts",
        question="The paper starts λ small, so that AFN begins as BN, and warns of exploding "
        "gradients otherwise. What if λ starts from 0.95, at a logit of 3?",
        expectations=(
            "It diverges, or learns nothing",
            "It learns, but to a lower accuracy",
            "No difference that can be told from chance",
            "It is better",
        ),
        answer=_lambda_start,
        over="lambda_init",
        note="A number is the logit at which all four λ start. “reference” is the published "
        "code's real start: λ_μ and λ_σ at 0.51, λ_γ and λ_β ungated.",
    ),
    "batch-size": ReadyMade(
        title="Batch size in training",
        question="Batch statistics of two images are noisy. Whose accuracy suffers least when "
        "training goes from batches of 64 to batches of 2?",
        expectations=("BN's", "ASRNorm's", "AFN's", "None can be told from another"),
        answer=_batch_size,
        over="batch size",
        note="The learning rate grows with the batch, from 0.05 at 64. Tests are as ever: BN with "
        "running averages, AFN with test batches of 128.",
    ),
    "test-batch": ReadyMade(
        title="Batch size at test time",
        question="Trained alike with batches of 64, then tested with batches of 2 instead of 128: "
        "who loses accuracy?",
        expectations=(
            "All that use the test batch: AFN, and BN with test-batch statistics",
            "AFN alone",
            "Nobody, as far as can be told",
            "Others",
        ),
        answer=_test_batch,
        over="eval_batch_size",
    ),
    "stability": ReadyMade(
        title="Learning rates a norm stands",
        question="Which norm still learns at the highest learning rate?",
        expectations=("No norm at all", "BN", "ASRNorm", "AFN", "Two or more alike"),
        answer=_stability,
        over="lr",
    ),
    "widths": ReadyMade(
        title="Width of the networks",
        question="The paper takes C/2 hidden units for standardization and C/16 for rescaling, and "
        "leaves open whether that matters. Are wide networks better than narrow ones?",
        expectations=(
            "Wide ones are better",
            "Narrow ones are better",
            "No difference that can be told from chance",
            "It depends on which",
        ),
        answer=_widths,
        over="stan_ratio",
        figure="map",
        note="With 16 and 32 channels, C/32 is one unit. 16 on both axes is one bottleneck ratio "
        "of 16.",
    ),
    "dropout": ReadyMade(
        title="Dropout of the statistics",
        question="The published code drops 30 % of the statistics before the standardization "
        "network, which the paper does not mention. Does dropout help?",
        expectations=("It helps", "It hurts", "No difference that can be told from chance"),
        answer=_dropout,
        over="stat_dropout",
    ),
    "lambda-rate": ReadyMade(
        title="How fast λ learns",
        question="λ moves little in a short run. Let it learn a hundred times as fast as the "
        "weights: what happens to accuracy?",
        expectations=(
            "It rises", "It falls", "No difference that can be told from chance",
            "Training diverges",
        ),
        answer=_lambda_rate,
        over="lambda_lr_factor",
    ),
}  # fmt: skip
"""In the order of the page."""
