"""The recommendation: rules over findings, and nothing else. Needs no torch."""

from dataclasses import dataclass
from typing import Any, Literal

from afn.advice.findings import AS_IS, CONVERTED, TEST_BATCH, WAYS, Findings
from afn.metrics.over_methods import FEWEST_SEEDS
from afn.pretrained.gains import Gain
from afn.settings.norms import NORM_ROWS
from afn.wording import count_words, enumerate_words, fixed_words, signed_words

AdvisedChoice = Literal["keep", "test batch", "convert", "trade", "no verdict"]
_FEW = 16
"""Smaller test batches say too little of the data to normalize by."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recommendation:
    """What to do, and why."""

    choice: AdvisedChoice
    way: str
    """Of `WAYS`: what is recommended, or spoken of."""
    sentence: str
    rests_on: tuple[str, ...]
    """The numbers that it follows from, in a sentence each."""
    does_not_show: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "kind": "recommendation", "choice": self.choice, "way": self.way,
            "sentence": self.sentence, "rests_on": list(self.rests_on),
            "does_not_show": list(self.does_not_show),
        }  # fmt: skip


def recommend(findings: Findings) -> Recommendation:
    """What the findings say, by these rules, of which the first that holds decides.

    1. There is no batch normalization to replace: keep what you have.
    2. Fewer than three seeds of the model as it is, or of every other way: no verdict.
    3. No way is better under corruption, by an interval over seeds and images that excludes 0,
       than the model as it is, fine-tuned as long: keep what you have.
    4. The best of those that are better is worse on clean images, by the same measure: a trade,
       which is yours to make.
    5. BN by the test batch is among the better, and no other way is better than that: take it, for
       it costs nothing.
    6. Else the best of the converted.
    """
    known = [name for name in WAYS[1:] if findings.gain(name, AS_IS)]
    gains = {name: gain for name in known if (gain := findings.gain(name, AS_IS))}
    enough = {name: gain for name, gain in gains.items() if gain.n >= FEWEST_SEEDS}
    told = tuple(_told(findings, name, gain) for name, gain in gains.items())

    def say(choice: AdvisedChoice, way: str, sentence: str, *more: str) -> Recommendation:
        return Recommendation(
            choice=choice, way=way, sentence=sentence, rests_on=(*told, *more),
            does_not_show=_not_shown(findings, len(gains)),
        )  # fmt: skip

    if not findings.num_norms:
        return say("keep", AS_IS, "Keep what you have: it has no batch normalization to replace.")
    if not enough:
        return say(
            "no verdict", AS_IS,
            f"No verdict: it takes {FEWEST_SEEDS} seeds, and there are "
            f"{max((gain.n for gain in gains.values()), default=0)}.",
        )  # fmt: skip
    better = {name: gain for name, gain in enough.items() if gain.low > 0}
    if not better:
        least = min(gain.smallest_effect for gain in enough.values())
        return say(
            "keep", AS_IS, "Keep what you have: nothing was found to be better under corruption.",
            f"A difference of {fixed_words(least, 1)} points would have been seen with a chance of "
            "80 %.",
        )  # fmt: skip
    best = max(better, key=lambda name: better[name].mean)
    if TEST_BATCH in better and best != TEST_BATCH:
        beyond = findings.gain(best, TEST_BATCH)
        if beyond is None or beyond.low <= 0:
            best = TEST_BATCH
    gain, clean = better[best], findings.gain(best, AS_IS, "clean")
    what = f"{signed_words(gain.mean)} points under corruption ({gain.bounds})"
    if clean and clean.high < 0:
        return say(
            "trade", best,
            f"Yours to weigh: {way_words(best)} has {what}, and {signed_words(clean.mean)} on "
            f"clean images ({clean.bounds}).",
        )  # fmt: skip
    if best == TEST_BATCH:
        return say(
            "test batch", best,
            f"Normalize by the test batch: {what}, with no new parameter, where {_FEW} or more "
            "images of all classes come at once. Else keep what you have.",
        )  # fmt: skip
    return say("convert", best, f"Use {way_words(best)}: {what}{_price(findings, best)}.")


def way_words(name: str) -> str:
    """A way as it is shown: "AFN", "BN, test batch", "as it is"."""
    if name in CONVERTED:
        return NORM_ROWS[name].title
    return name.replace("bn", "BN")


def _told(findings: Findings, name: str, gain: Gain) -> str:
    clean = findings.gain(name, AS_IS, "clean")
    told = f"{way_words(name)} against as it is: {signed_words(gain.mean)} points under corruption"
    if gain.n > 1:
        told += f" ({gain.bounds})"
    if clean:
        told += f", {signed_words(clean.mean)} on clean images"
        if clean.n > 1:
            told += f" ({clean.bounds})"
    return f"{told}, over {count_words(gain.n, 'seed')}."


def _price(findings: Findings, name: str) -> str:
    own, base = findings.way(name), findings.way(AS_IS)
    if not (own and base and own.price and base.price):
        return ""
    return (
        f", for {own.price.ms_batch / base.price.ms_batch:.2f} times the time and "
        f"{own.price.parameters / base.price.parameters:.2f} times the parameters"
    )


def _not_shown(findings: Findings, compared: int) -> tuple[str, ...]:
    plan = findings.plan
    names = enumerate_words([name.replace("_", " ") for name in plan.corruptions])
    told = [
        f"Training from scratch: {plan.steps:,} steps of fine-tuning begin where BN has learned.",
        f"Other data and other damage than {names} at severity {plan.severity} on "
        f"{findings.num_images:,} images of {findings.dataset}.",
    ]
    if compared > 1:
        told.append(
            f"That each of {compared} comparisons holds at once: every interval is 95 % by itself."
        )
    return tuple(told)
