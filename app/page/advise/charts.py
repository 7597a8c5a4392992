"""Figures of advice: what each way gains, and what small batches change; and the table."""

from html import escape

from afn.advice.findings import AS_IS, TEST_BATCH, AdvisedWay, Findings
from afn.advice.recommend import way_words
from afn.wording import count_words, signed_words

from ...kit.draw.axes import Figure, axis, laid_out, new_figure, row_axis
from ...kit.draw.palette import GREY, NORM_COLORS
from ...kit.draw.table import dot, table, td, th, tr
from ...kit.draw.traces import whiskers

NO_BREAK = "\u00a0"
_PANELS = {"corrupted": ("under corruption", "circle"), "clean": ("clean", "circle-open")}
_APART = {"corrupted": -0.14, "clean": 0.16}


def color_of(way: str) -> str:
    """Of a way: its norm's; the model as it is has BN's."""
    return NORM_COLORS["bn" if way in (AS_IS, TEST_BATCH) else way]


def compared(findings: Findings) -> list[str]:
    """Ways that have a gain over the model as it is."""
    return [way.name for way in findings.ways if findings.gain(way.name, AS_IS)
            and way.name != AS_IS]  # fmt: skip


def gain_figure(findings: Findings) -> Figure:
    """A row a way: what it gains over the model as it is, clean and under corruption."""
    names, figure = compared(findings), new_figure()
    for row, name in enumerate(names):
        for what, (words, symbol) in _PANELS.items():
            gain = findings.gain(name, AS_IS, what)
            if gain is None:
                continue
            y, color = row + _APART[what], color_of(name)
            seeds = [value for _, value in gain.differences.values]
            figure.add_scatter(
                x=seeds, y=[y] * len(seeds), mode="markers", hoverinfo="skip",
                marker={"size": 5, "color": color, "opacity": 0.45},
            )  # fmt: skip
            half = gain.half_width if gain.n > 1 else 0.0
            ends = (gain.mean, gain.mean - half, gain.mean + half)
            told = f"{way_words(name)}, {words}: {signed_words(gain.mean)} points"
            figure.add_scatter(
                x=[gain.mean], y=[y], mode="markers", name=f"{way_words(name)}, {words}",
                marker={"size": 12, "color": color, "symbol": symbol, "line": {"width": 2.5,
                        "color": color}},
                error_x=whiskers([ends], thickness=2, width=5, color=color),
                hovertemplate=f"{told} ({gain.bounds})<extra></extra>" if gain.n > 1
                else f"{told}<extra></extra>",
            )  # fmt: skip
    figure.add_vline(x=0, line={"color": GREY, "width": 1.5, "dash": "dot"})
    return laid_out(
        figure, 62 * len(names) + 60, axis("points above the model as it is", nticks=6),
        row_axis([way_words(name) for name in names]), left=8,
    )  # fmt: skip


def gain_reading(findings: Findings) -> str:
    """The figure in words."""
    told = []
    for name in compared(findings):
        gain = findings.gain(name, AS_IS)
        if gain:
            bounds = f" ({gain.bounds})" if gain.n > 1 else ""
            told.append(f"{way_words(name)} {signed_words(gain.mean)}{bounds}")
    return f"Under corruption: {'; '.join(told)} points."


def batches_figure(findings: Findings) -> Figure:
    """Share of other answers over the size of the test batch, a line a way."""
    figure = new_figure()
    # What is dashed comes last: it may lie on another.
    for way in sorted(findings.ways, key=lambda each: each.name == TEST_BATCH):
        runs = [each for each in way.batches if not each.error]
        if not runs:
            continue
        is_other = way.name == TEST_BATCH
        figure.add_scatter(
            x=[str(each.size) for each in runs], y=[100 * each.changed for each in runs],
            mode="lines+markers", name=way_words(way.name),
            line={"color": color_of(way.name), "width": 3, "dash": "dash" if is_other else "solid"},
            marker={"size": 8},
            hovertemplate=f"{way_words(way.name)}, batches of %{{x}}: %{{y:.0f}} %<extra></extra>",
        )  # fmt: skip
    return laid_out(
        figure, 260, axis("images in a test batch", type="category"),
        axis("other answers, %", rangemode="tozero", nticks=5), left=44,
    )  # fmt: skip


def batches_reading(findings: Findings) -> str:
    """At batch 1, in words; and what does not run."""
    told, failed = [], []
    for way in findings.ways:
        for each in way.batches[:1]:
            if each.error:
                failed.append(f"{way_words(way.name)} does not run one image: {each.error}")
            else:
                told.append(f"{way_words(way.name)} {100 * each.changed:.0f} %")
    return ". ".join([f"One image at a time: {', '.join(told)} get another answer", *failed]) + "."


def ways_table(findings: Findings) -> str:
    """All numbers, a row a way."""
    heads = tr(
        th("way"), *(
            th(each, "number")
            for each in ("clean before", "after", "corrupted before", "after", "1 image",
                         "32 images", "peak", "parameters")
        ),
    )  # fmt: skip
    return table("afn-ways", [heads], [_row(way) for way in findings.ways], label="All ways")


def _row(way: AdvisedWay) -> str:
    words = way_words(way.name).replace(" ", NO_BREAK)
    name = th(f"{dot(color_of(way.name))}{NO_BREAK}{words}", scope="row")
    if way.error:
        return tr(name, td(escape(f"cannot be: {way.error}"), span=8))
    cells = []
    for what in ("clean", "corrupted"):
        over = way.over_seeds(what)
        half = f" <small>± {over.half_width:.1f}</small>" if over and over.n > 1 else ""
        title = count_words(over.n, "seed") if over else ""
        cells.append(td(f"{getattr(way.before, what):.1f} %" if way.before else "", "number"))
        cells.append(td(f"{over.mean:.1f}{half} %" if over else "", "number", title=title))
    if price := way.price:
        cells += [
            td(each, "number") for each in (
                f"{price.ms_one:.2f} ms", f"{price.ms_batch:.1f} ms",
                f"{price.peak_bytes / 1e6:.1f} MB", f"{price.parameters:,}",
            )
        ]  # fmt: skip
    return tr(name, *cells)
