"""Whole corruption grids in a few numbers, beside a baseline's, and in a sentence or two."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from afn.ask.records import STANDARD, Place, mean_corruption_error
from afn.wording import count_words, enumerate_words, percent

from ....kit.draw.chart import Rows
from ....kit.draw.estimates import (
    SEVERITIES,
    Estimate,
    Tested,
    accuracy_over,
    accuracy_words,
    common_places,
    corrupted_places,
    gain_over,
    gain_words,
    interval_words,
    place_words,
    signed,
    take,
)
from ....kit.draw.table import dot, table, td, th, tr


@dataclass(frozen=True, slots=True)
class _Total:
    """What is said of one model; None where it cannot be said yet."""

    clean: Estimate | None
    mean: Estimate | None
    places: int
    gain: Estimate | None
    shared: int
    mce: float | None
    kinds: int


def _total(tested: Tested, baseline: Tested) -> _Total:
    mine, others = tested.cells, baseline.cells
    corrupted = corrupted_places(list(mine))
    shared = corrupted_places(common_places(mine, others)) if tested != baseline else []
    mce, kinds = _mce(tested, baseline)
    clean = mine.get((None, 0))
    return _Total(
        accuracy_over([clean]) if clean else None,
        accuracy_over(take(mine, corrupted)) if corrupted else None,
        len(corrupted),
        gain_over(take(mine, shared), take(others, shared)) if shared else None,
        len(shared),
        mce,
        kinds,
    )


def _mce(tested: Tested, baseline: Tested) -> tuple[float | None, int]:
    shared = set(common_places(tested.cells, baseline.cells))
    asked: dict[str, list[Place]] = {
        name: [(name, s) for s in SEVERITIES if (name, s) not in tested.left_out]
        for name in STANDARD
    }
    whole = [name for name, those in asked.items() if those and shared.issuperset(those)]
    places = [place for name in whole for place in asked[name]]
    try:
        mce = mean_corruption_error(take(tested.cells, places), take(baseline.cells, places))
    except ValueError:  # nothing to divide, or nothing to divide by
        return None, 0
    return mce, len(whole)


def summary(tested: Sequence[Tested], baseline: Tested) -> Rows:
    """A row per model.

    The mean is over all corrupted tests known of the model; the difference and the mean corruption
    error are over what it shares with the baseline, the latter over whole standard corruptions.
    """
    rows: Rows = []
    for each in tested:
        total = _total(each, baseline)
        rows.append(
            {
                "model": each.label, "norm": each.norm, "statistics": each.statistics,
                "n": next((cell.n for cell in each.cells.values()), None),
                **_columns("clean", total.clean), **_columns("corrupted", total.mean),
                "corrupted tests": total.places, "baseline": baseline.label,
                **_columns("gain", total.gain), "tests shared with baseline": total.shared,
                "mCE": total.mce, "corruptions in mCE": total.kinds,
            }
        )  # fmt: skip
    return rows


def _columns(name: str, estimate: Estimate | None) -> dict[str, float | None]:
    return {
        name: estimate.value if estimate else None,
        f"{name} low95": estimate.low if estimate else None,
        f"{name} high95": estimate.high if estimate else None,
    }


def summary_html(tested: Sequence[Tested], baseline: Tested) -> str:
    """The same as a table for people; a gain is bold where its interval excludes 0."""
    totals = [_total(each, baseline) for each in tested]
    name, standard = baseline.label, f"the {len(STANDARD)} standard corruptions"
    mce = (
        f"mean corruption error: errors beside those of {name}, over {standard}; below 1 is "
        f"better than {name}"
    )
    heads = tr(
        th("model"), th("clean, %"), th("corrupted, %"),
        th(f"over {escape(name)}, points"), th("mCE", title=mce),
    )  # fmt: skip
    body = [
        tr(
            th(
                f"{dot(each.color)}<b>{escape(each.label)}</b>"
                f"<small>{escape(each.told_statistics)}</small>",
                scope="row",
            ),
            _accuracy_cell(total.clean),
            _accuracy_cell(total.mean),
            _gain_cell(total.gain, is_baseline=each == baseline),
            _mce_cell(total, f"over {total.kinds} of {standard}"),
        )
        for each, total in zip(tested, totals, strict=True)
    ]
    return table("afn-summary", [heads], body, caption=_basis(tested, totals))


def _accuracy_cell(accuracy: Estimate | None) -> str:
    if accuracy is None:
        return td("–", title="not tested yet")
    return td(f"{100 * accuracy.value:.1f}<small>{interval_words(accuracy)}</small>")


def _gain_cell(gain: Estimate | None, *, is_baseline: bool) -> str:
    if gain is None:
        why = "the baseline itself" if is_baseline else "not tested on the same yet"
        return td("–", title=why)
    told = f"{signed(gain.value)}<small>{interval_words(gain)}</small>"
    return td(told, "clear" if gain.is_clear else "")


def _mce_cell(total: _Total, over: str) -> str:
    if total.mce is None:
        return td("–", title="needs a whole standard corruption in both")
    part = f"<small>{total.kinds} of {len(STANDARD)}</small>" if total.kinds < len(STANDARD) else ""
    return td(f"{total.mce:.3f}{part}", title=over)


def _basis(tested: Sequence[Tested], totals: Sequence[_Total]) -> str:
    images = sorted({cell.n for each in tested for cell in each.cells.values()})
    tests = sorted({total.places for total in totals})
    if not images:
        return "Nothing is tested yet."
    return (
        f"{_from_to(images, 'image')} in each test; "
        f"corrupted: the mean of {_from_to(tests, 'test')}; "
        "small: 95 % intervals; bold: the paired one excludes 0"
    )


def _from_to(counts: Sequence[int], what: str) -> str:
    first = f"{counts[0]:,} to " if counts[0] != counts[-1] else ""
    return f"{first}{count_words(counts[-1], what)}"


# -- in a sentence ---------------------------------------------------------------------------------


def grid_reading(tested: Sequence[Tested], baseline: Tested) -> str:
    """Who is best under corruption, and by how much."""
    known = [each for each in tested if corrupted_places(list(each.cells))]
    if not known:
        return "No corruption is tested yet."
    if not corrupted_places(list(baseline.cells)):
        return f"{baseline.label}, the baseline, is not tested under corruption yet."
    others = [each for each in known if each != baseline]
    if not others:
        return _reading_alone(baseline)
    shared = common_places(baseline.cells, *(each.cells for each in others))
    places = corrupted_places(shared)
    if not places:
        return "No corruption is tested on the same images in all of them yet."
    yardstick = take(baseline.cells, places)
    gains = [gain_over(take(each.cells, places), yardstick) for each in others]
    best, gain = max(zip(others, gains, strict=True), key=lambda pair: pair[1].value)
    over = f"Over {_tests(places)}"
    mean = percent(accuracy_over(take(best.cells, places)).value)
    if not gain.is_clear:
        words = f"{over}, {best.label} and {baseline.label} are too close to tell: {mean}"
        words += f" is {gain_words(gain)} over {baseline.label}."
    elif gain.value > 0:
        words = f"{over}, {_leaders(best, others, places)}: {mean}"
        words += f" on average, {gain_words(gain)} over {baseline.label}."
    else:
        own = percent(accuracy_over(yardstick).value)
        words = f"{over}, {baseline.label}, the baseline, is best with {own} on average; next comes"
        words += f" {best.label}, {gain_words(gain)}."
    return words


def _leaders(best: Tested, others: Sequence[Tested], places: Sequence[Place]) -> str:
    mine = take(best.cells, places)
    ties = [
        each.label
        for each in others
        if each != best and not gain_over(mine, take(each.cells, places)).is_clear
    ]
    if not ties:
        return f"{best.label} is best"
    return f"{best.label} is best, though too close to {enumerate_words(ties)} to tell"


def _reading_alone(tested: Tested) -> str:
    places = corrupted_places(list(tested.cells))
    mean = accuracy_over(take(tested.cells, places))
    worst = min(take(tested.cells, places), key=lambda cell: cell.accuracy)
    clean = tested.cells.get((None, 0))
    beside = f", beside {percent(clean.accuracy)} clean" if clean else ""
    return (
        f"{tested.label} averages {accuracy_words(mean)} over {_tests(places)}{beside}; worst is "
        f"{place_words(worst.place)}: {accuracy_words(accuracy_over([worst]))}."
    )


def _tests(places: Sequence[Place]) -> str:
    return count_words(len(places), "corrupted test")
