"""Published differences against measured ones: verdicts. Needs no torch."""

from typing import Literal, get_args

from afn.pretrained.gains import Gain

Verdict = Literal[
    "holds here",
    "does not hold here",
    "not found here",
    "cannot tell",
    "too few seeds",
    "no verdict",
    "not measured yet",
]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
FEWEST_SEEDS = 3
"""With fewer there is a figure, and no verdict."""


def verdict(published: float, measured: Gain | None, refusal: str = "") -> Verdict:
    """Whether a published difference is found again, by its sign.

    Args:
        published: The difference; its sign is the claim.
        measured: The same difference here; None where there is none.
        refusal: Why whatever was measured can say nothing of the claim; empty where it can.

    Returns:
        "holds here" where the measured interval excludes 0 on the published side, "does not hold
        here" where it does on the other. Where it includes 0: "cannot tell" if it includes the
        published difference too, else "not found here". With fewer than three seeds "too few
        seeds".

    Raises:
        ValueError: The published difference is 0 or no number, and claims no direction.
    """
    if not abs(published) > 0:
        raise ValueError(f"a difference of {published} claims no direction")
    if measured is None:
        return "not measured yet"
    if refusal:
        return "no verdict"
    if measured.n < FEWEST_SEEDS:
        return "too few seeds"
    if measured.is_clear:
        return "holds here" if (measured.mean > 0) == (published > 0) else "does not hold here"
    return "cannot tell" if measured.low <= published <= measured.high else "not found here"
