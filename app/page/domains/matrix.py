"""The domain matrix as an HTML table: every network's accuracy on every domain."""

from collections.abc import Sequence
from html import escape
from statistics import fmean

from afn.data.derived import parts_of
from afn.wording import count_words, difference_words, percent, statistics_told

from ...kit.draw.domains import MatrixRow, Titles, domain_words, mean_gain, partner_of, unseen_pairs
from ...kit.draw.estimates import (
    Estimate,
    accuracy_over,
    accuracy_words,
    gain_over,
    gain_words,
    interval_words,
    is_alike,
    signed,
)
from ...kit.draw.palette import domain_mark
from ...kit.draw.table import diverging, heat, table, tag, td, th, tr


def matrix_html(
    rows: Sequence[MatrixRow],
    domains: Sequence[str],
    *,
    against: Sequence[MatrixRow] | None = None,
    caption: str = "",
    titles: Titles | None = None,
) -> str:
    """A table for ``st.html``: what was trained on downwards, what was tested on to the right.

    Its last column is the mean over the domains that a network has not seen, and is left out where
    none has two of them, or nobody knows what they were trained on. Against others it shows
    differences, in points, to the one trained on the same.
    """
    names = titles or {}
    is_known = all(row.train for row in rows)
    shows_label = len({row.label for row in rows}) > 1 or not is_known
    shows_train = is_known and (len({row.train for row in rows}) > 1 or not shows_label)
    has_mean = is_known and any(
        sum(not row.has_seen(domain) for domain in domains) > 1 for row in rows
    )
    heads = [th(_marked(domain, domains, names)) for domain in domains]
    body = []
    for row in rows:
        parts = []
        if shows_label:
            parts.append(tag("span", escape(row.label), css="who", style=f"--hue:{row.color}"))
        if shows_train:
            parts.append(_trained(row.train, domains, names))
        cells = [_cell_html(row, domain, against, names) for domain in domains]
        if has_mean:
            cells.append(_mean_html(row, domains, against, names))
        body.append(tr(th(" ".join(parts), scope="row"), *cells))
    unit = "points" if against is not None else "%"
    over = [
        th("trained on" if shows_train else "", "axis", rows=2),
        th(f"tested on, {unit}", "axis", scope="colgroup", span=len(domains)),
    ]
    if has_mean:
        why = "Mean over the domains that the network has not seen"
        over.append(th(f"mean{tag('span', ' of others', css='name')}", title=why, rows=2))
    notes = []
    if any(row.has_seen(domain) for row in rows for domain in domains):
        notes.append(f"<i></i>trained on{', not in the mean' if has_mean else ''}")
    if against is not None:
        notes.append("faint: too close to tell")
    first = "7rem" if shows_label and shows_train else "4.8rem"
    return table(
        "afn-matrix", [tr(*over), tr(*heads)], body, caption=escape(caption),
        label=caption or "Accuracy by domain", note=", ".join(notes),
        style=f"--first:{first};--columns:{len(domains) + has_mean}",
    )  # fmt: skip


def _cell_html(
    row: MatrixRow, domain: str, against: Sequence[MatrixRow] | None, titles: Titles
) -> str:
    found = row.cells.get(domain)
    css = "afn-matrix-seen " if row.has_seen(domain) else ""
    if found is None:
        return _nothing("not tested yet", css)
    what = f"{_who(row, titles)}, tested on {domain_words(domain, titles)}"
    if against is None:
        return td(
            f"{100 * found.accuracy:.1f}", css, background=heat(found.accuracy),
            title=f"{what}: {accuracy_words(accuracy_over([found]))}, "
            f"{count_words(found.n, 'image')}, {found.source}; statistics: "
            f"{statistics_told(row.statistics, found.n)}",
        )  # fmt: skip
    other = partner_of(row, against)
    theirs = other.cells.get(domain) if other else None
    if other is None or theirs is None:
        return _nothing("nothing to compare with yet", css)
    if not is_alike(found, theirs):
        return _nothing("not the same images", css)
    gain = gain_over([found], [theirs])
    own, others, difference = difference_words(found.accuracy, theirs.accuracy)
    return _gain_html(
        gain, css,
        f"{what}: {difference} points ({interval_words(gain)}) over {other.label}, {own} and "
        f"{others} of the same {count_words(found.n, 'image')}",
    )  # fmt: skip


def _mean_html(
    row: MatrixRow, domains: Sequence[str], against: Sequence[MatrixRow] | None, titles: Titles
) -> str:
    css = "afn-matrix-mean "
    unseen = [domain for domain in domains if not row.has_seen(domain)]
    if not unseen:
        return td("", css, title="it has seen all domains")
    if missing := [domain for domain in unseen if domain not in row.cells]:
        return _nothing(f"{len(missing)} of {len(unseen)} not tested yet", css)
    what = f"{_who(row, titles)}, mean over {count_words(len(unseen), 'domain')} it has not seen"
    if against is None:
        mean = fmean(row.cells[domain].accuracy for domain in unseen)
        told = f"{what}: {percent(mean)}"
        return td(f"{100 * mean:.1f}", css, title=told, background=heat(mean))
    other, pairs = partner_of(row, against), unseen_pairs([row], against, domains)
    if other is None or len(pairs) < len(unseen):
        return _nothing("not all can be compared yet", css)
    gain = mean_gain(pairs)
    return _gain_html(gain, css, f"{what}: {gain_words(gain)} over {other.label}")


def _nothing(why: str, css: str) -> str:
    return td("·", f"{css}afn-matrix-none", title=why)


def _gain_html(gain: Estimate, css: str, title: str) -> str:
    certainty = "afn-matrix-sure" if gain.is_clear else "afn-matrix-faint"
    return td(
        f"<span>{signed(gain.value)}</span>", css + certainty, title=title,
        background=diverging(100 * gain.value),
    )  # fmt: skip


def _who(row: MatrixRow, titles: Titles) -> str:
    trained = f" trained on {domain_words(row.train, titles)}" if row.train else ""
    return f"{row.label}{trained}"


def _marked(name: str, known: Sequence[str], titles: Titles) -> str:
    mark = domain_mark(name, known)
    sign = tag("span", mark.glyph, style=f"color:{mark.color}", aria_hidden="true")
    return f"{sign} {tag('span', escape(domain_words(name, titles)), css='name')}"


def _trained(name: str, domains: Sequence[str], titles: Titles) -> str:
    """A row's head; where all columns but one were trained on, that one says it shorter."""
    parts = parts_of(name)
    left = [domain for domain in domains if domain not in parts]
    if len(parts) > 1 and len(left) == 1 and len(parts) == len(domains) - 1:
        return f"all but {_marked(left[0], domains, titles)}"
    return _marked(name, domains, titles)
