"""From BN to AFN one change at a time, over seeds: drawn and read."""

from afn.pretrained.comparison import FEWEST_SEEDS
from afn.pretrained.gains import Gain
from afn.pretrained.ladder import Ladder
from afn.wording import count_words, enumerate_words, steps_words

from ....kit.draw.axes import Figure, kept
from ....kit.draw.chart import Rows
from ....kit.draw.palette import GREY
from ....kit.draw.traces import rungs_figure

CHANGES = {
    "BN, test batch": "the test batch's statistics",
    "AFN, networks frozen": "AFN's weights",
    "AFN, networks off": "AFN's weights without networks",
    "AFN": "the networks' adapting",
}
"""What is gained at each rung over the one below."""


@kept
def ladder_figure(ladder: Ladder) -> Figure:
    """A row per rung: a bar floats from the mean of the one before, a dot stands for each seed.

    Whiskers are 95 % intervals of the gains, over seeds and images; bars are pale where these
    include 0, and below three seeds, where there are none.
    """
    names, rungs = zip(*ladder.rungs, strict=True)
    means = [rung.mean for rung in rungs]
    _, changes, _ = steps_words(means)
    halves = [gain.half_width if gain.n >= FEWEST_SEEDS else 0.0 for gain in ladder.gains]
    seeds = {
        "x": [value for rung in rungs for _, value in rung.values],
        "y": [row for row, rung in enumerate(rungs) for _ in rung.values],
        "mode": "markers",
        "marker": {"color": GREY, "size": 8, "symbol": "diamond", "line": {"width": 1}},
        "customdata": [[names[row], seed] for row, rung in enumerate(rungs) for seed in rung.seeds],
        "hovertemplate": "%{customdata[0]}, seed %{customdata[1]}: %{x:.2f} %<extra></extra>",
    }
    return rungs_figure(
        names, means,
        [(g.mean, g.mean - h, g.mean + h) for g, h in zip(ladder.gains, halves, strict=True)],
        [gain.n >= FEWEST_SEEDS and gain.is_clear for gain in ladder.gains],
        [
            f"{name}<br>{CHANGES[name]}: {_words(gain, change)}"
            for name, gain, change in zip(names[1:], ladder.gains, changes, strict=True)
        ],
        seeds,
    )  # fmt: skip


def ladder_reading(ladder: Ladder) -> str:
    """What AFN gains over BN and what each change has of it."""
    total = ladder.total
    verb = "gains" if total.mean > 0 else "loses"
    _, changes, whole = steps_words([rung.mean for _, rung in ladder.rungs])
    parts = [
        f"{_words(gain, shown)} from {CHANGES[name]}"
        for (name, _), gain, shown in zip(ladder.rungs[1:], ladder.gains, changes, strict=True)
    ]
    few = ""
    if total.n < FEWEST_SEEDS:
        few = f" No verdict from {count_words(total.n, 'seed')}."
    return f"AFN {verb} {_words(total, whole)} points over BN: {enumerate_words(parts)}.{few}"


def ladder_table(name: str, ladder: Ladder) -> Rows:
    """A row per rung; gains are over the one before."""
    rows: Rows = []
    for (step, rung), gain in zip(ladder.rungs, (None, *ladder.gains), strict=True):
        has_interval = gain is not None and gain.n >= FEWEST_SEEDS
        rows.append(
            {
                "benchmark": name, "step": step, "seeds": rung.n, "accuracy": rung.mean,
                "gain": gain.mean if gain else None,
                "gain low95": gain.low if gain and has_interval else None,
                "gain high95": gain.high if gain and has_interval else None,
            }
        )  # fmt: skip
    return rows


def _words(gain: Gain, change: str) -> str:
    if gain.n < FEWEST_SEEDS:
        return change
    noise = "" if gain.is_clear else ": within noise"
    return f"{change} ({gain.bounds}{noise})"
