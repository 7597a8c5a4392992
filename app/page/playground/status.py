"""One card per contender: how its run stands, in one look."""

from html import escape
from typing import Any
from urllib.parse import quote

from afn.runs.history import History
from afn.runs.recorded import Recorded
from afn.runs.store import Run
from afn.wording import duration_words, percent

from ...kit import backend
from ...kit.draw.chart import Chart, Shown
from ...kit.draw.live_chart import live_chart
from ...kit.draw.network import clean_of, followed
from ...kit.letters import lettered_html
from ...kit.sheets import sheet_address
from .live import Live


def render(live: Live) -> None:
    """Draw the cards; where the contenders change in more than these, the page follows."""
    live_chart(
        "cards", "How the contenders stand", live.key, lambda: _cards(live), turn=live.turn()
    )


def _cards(live: Live) -> Chart:
    everyone, statuses = live.look()
    cards = "".join(map(_card, everyone, live.names, live.colors, statuses))
    now = {"html": f'<div class="afn-cards">{cards}</div>', "turn": live.turn()}
    evaluations = [each.history.evaluations if each else () for each in everyone]

    def feed(cursor: tuple[dict[str, str], list[int]] | None) -> tuple[dict[str, Any], Any]:
        before, seen = cursor or ({}, [0] * len(everyone))
        chunk: dict[str, Any] = {} if now == before else dict(now)
        tests = [
            [card, test["step"], percent(test["accuracy"])]
            for card, (listed, first) in enumerate(zip(evaluations, seen, strict=True))
            for test in listed[first:]
            if test["corruption"] is None
        ]
        if tests:
            chunk["tests"] = tests
        return chunk, (now, [len(listed) for listed in evaluations])

    revisions = [each.history.revision if each else 0 for each in everyone]
    return Chart((live.key, *revisions), {"kind": "cards"}, feed, "", list)


def _card(each: Shown | None, name: str, color: str, status: str) -> str:
    word, facts, share, shown = status, "press Start", 0.0, ""
    if each is not None:
        history, shown = each.history, _clean_image(each.history)
        if each.kind == "precomputed":
            word = "recorded"
        if status == "waiting" and isinstance(history.run, Run):
            word, facts = _waiting(history.run)
        elif history.num_steps:
            share = history.share_done(each.config.epochs)
            facts = _facts(each, status)
            if status == "running" and history.lockstep and history.lockstep[-1]["without"]:
                word = f"{word}, out of step"  # it goes on without another, until that catches up
        else:
            facts = "loading the data" if status == "running" else ""
    return (
        f'<section class="afn-card" style="--hue:{color}"><header>'
        f"<span>{lettered_html(escape(name))}</span>"
        f'<span class="state">{escape(word)}</span></header>'
        f'<div class="bar"><div style="width:{100 * share:.1f}%"></div></div>'
        f'<div class="score{shown and " afn-shown"}" style="{escape(shown)}" '
        f'data-stage-number="{escape(name)}">–</div>'
        f'<div class="facts">{escape(facts)}</div></section>'
    )


def _clean_image(history: History) -> str:
    """The image that the diagram follows, before it was damaged, as a style; empty for none.

    It stands before the accuracy on clean images, as the damaged one does before the diagram's.
    """
    probes, source = history.probe_images, history.run
    if not probes or not probes["sheet"] or not isinstance(source, Run | Recorded):
        return ""
    images, columns = probes["images"], probes["columns"]
    at = clean_of(images, followed(images))
    rows, address = -(-len(images) // columns), sheet_address(source, probes["sheet"])
    if at is None or not address:
        return ""
    x, y = at % columns / max(columns - 1, 1), at // columns / max(rows - 1, 1)
    return (
        f"--image:url('{quote(address, safe='/:;,=+')}');--size:{100 * columns}% {100 * rows}%;"
        f"--place:{x:.3%} {y:.3%}"
    )


def _waiting(run: Run) -> tuple[str, str]:
    backend.runner().start()  # its worker may have been killed
    before = backend.runner().position(run) - 1
    return "waiting", f"{before} before it" if before > 0 else "starts in a moment"


def _facts(each: Shown, status: str) -> str:
    history = each.history
    if each.kind == "precomputed":
        return f"{history.step:,} steps"
    epoch = min(each.config.epochs, each.config.epochs - _epochs_left(each) + 1)
    facts = [f"step {history.step:,}", f"epoch {epoch} of {each.config.epochs}"]
    if speed := history.images_per_second():
        facts.append(f"{speed:,.0f} images/s")
    if status == "running" and (left := history.seconds_left()) is not None:
        facts.append("testing" if left == 0 else f"{duration_words(left)} left")
    elif status in ("finished", "stopped", "failed"):
        facts.append(f"took {duration_words(history.seconds)}")
    return " · ".join(facts)


def _epochs_left(each: Shown) -> int:
    history = each.history
    per_epoch = history.start["num_train"] if history.start else 1
    return -(-int(history.columns["images_left"][-1]) // per_epoch) or 1
