"""Published differences against measured ones: verdicts. Needs no torch."""

from typing import Literal, get_args

from afn.over_seeds import OverSeeds

Verdict = Literal[
    "holds here", "within seed noise", "does not hold here", "one seed only", "not measured yet"
]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


def verdict(published: float, measured: OverSeeds | None) -> Verdict:
    """Whether a published difference is found again, by its sign alone.

    Args:
        published: The difference; its sign is the claim.
        measured: The same difference here, paired over seeds; None where there is none.

    Returns:
        "holds here" where the measured interval excludes 0 on the published side, "does not hold
        here" where it does on the other, "within seed noise" where it includes 0.

    Raises:
        ValueError: The published difference is 0 or no number, and claims no direction.
    """
    if not abs(published) > 0:
        raise ValueError(f"a difference of {published} claims no direction")
    if measured is None:
        return "not measured yet"
    if measured.n == 1:
        return "one seed only"
    if not measured.is_clear:
        return "within seed noise"
    return "holds here" if (measured.mean > 0) == (published > 0) else "does not hold here"
