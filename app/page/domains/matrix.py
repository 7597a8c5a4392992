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
from ...kit.draw.heat import diverging, heat
from ...kit.draw.palette import domain_mark

_NONE = "afn-matrix-none"
_STYLE = """
<style>
.afn-matrix {overflow-x:auto; line-height:1.2; padding-inline-end:3px;}
.afn-matrix table {width:100%; table-layout:fixed; border-collapse:separate; border-spacing:2px;
  font-size:.84rem; font-variant-numeric:tabular-nums;}
.afn-matrix caption {text-align:start; font-weight:600; font-size:.95rem; padding:0 0 .3rem 2px;}
.afn-matrix th {font-weight:400; font-size:.76rem; vertical-align:bottom; text-align:center;
  padding:.15rem 0; overflow-wrap:anywhere; hyphens:auto;}
.afn-matrix tbody th {text-align:start; vertical-align:middle; padding-inline:0 .25rem;}
.afn-matrix .afn-matrix-axis {opacity:.7;}
.afn-matrix td {height:2.3rem; padding:0; text-align:center; border-radius:4px;}
.afn-matrix .afn-matrix-none {box-shadow:inset 0 0 0 1px
  color-mix(in srgb, currentColor 18%, transparent);
  color:color-mix(in srgb, currentColor 55%, transparent);}
.afn-matrix .afn-matrix-seen {box-shadow:inset 0 0 0 1.5px currentColor;}
.afn-matrix .afn-matrix-faint span {opacity:.68;}
.afn-matrix .afn-matrix-sure, .afn-matrix .afn-matrix-mean {font-weight:600;}
.afn-matrix .afn-matrix-faint {font-weight:400;}
.afn-matrix td.afn-matrix-mean {border-radius:4px; position:relative; left:3px;}
.afn-matrix p {font-size:.76rem; opacity:.8; margin:.3rem 2px 0;}
.afn-matrix p i {display:inline-block; width:.8rem; height:.8rem; border-radius:3px;
  vertical-align:-.1rem; box-shadow:inset 0 0 0 1.5px currentColor; margin-inline-end:.3rem;}
</style>
"""


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
    none has two of them.

    Args:
        rows: Networks, of one contender or of several.
        domains: The columns, by name.
        against: Another contender's networks; shown are then the differences, in points, to the one
            that was trained on the same.
        caption: What is shown, in a few words.
        titles: Of the domains.
    """
    names = titles or {}
    shows_label = len({row.label for row in rows}) > 1
    shows_train = len({row.train for row in rows}) > 1 or not shows_label
    has_mean = any(sum(not row.has_seen(domain) for domain in domains) > 1 for row in rows)
    heads = "".join(f'<th scope="col">{_marked(domain, domains, names)}</th>' for domain in domains)
    body = []
    for row in rows:
        head = []
        if shows_label:
            head.append(
                f'<span style="border-left:3px solid {row.color};padding-left:.3rem">'
                f"{escape(row.label)}</span>"
            )
        if shows_train:
            head.append(_trained(row.train, domains, names))
        cells = [_cell_html(row, domain, against, names) for domain in domains]
        if has_mean:
            cells.append(_mean_html(row, domains, against, names))
        body.append(f'<tr><th scope="row">{" ".join(head)}</th>{"".join(cells)}</tr>')
    mean = (
        '<th scope="col" rowspan="2" title="Mean over the domains that the network has not seen">'
        "mean of others</th>"
    )
    corner = "trained on" if shows_train else ""
    unit = "points" if against is not None else "%"
    is_outlined = any(row.has_seen(domain) for row in rows for domain in domains)
    seen = "<i></i>trained on, not in the mean" if has_mean else "<i></i>trained on"
    note = seen if is_outlined else ""
    if against is not None:
        note = ", ".join([*([note] if note else []), "faint: too close to tell"])
    first = "7rem" if shows_label and shows_train else "5.6rem"
    width = f"calc({first} + {len(domains) + has_mean} * 3.4rem)"
    return (
        f'{_STYLE}<div class="afn-matrix" role="region" tabindex="0" '
        f'aria-label="{escape(caption or "Accuracy by domain")}">'
        f'<table style="min-width:{width}"><caption>{escape(caption)}</caption>'
        f'<colgroup><col style="width:{first}"></colgroup><thead>'
        f'<tr><th scope="col" rowspan="2" class="afn-matrix-axis" style="text-align:start">{corner}'
        f'</th><th scope="colgroup" colspan="{len(domains)}" class="afn-matrix-axis">'
        f"tested on, {unit}</th>{mean if has_mean else ''}</tr><tr>{heads}</tr></thead>"
        f"<tbody>{''.join(body)}</tbody></table>{f'<p>{note}</p>' if note else ''}</div>"
    )


def _cell_html(
    row: MatrixRow, domain: str, against: Sequence[MatrixRow] | None, titles: Titles
) -> str:
    cell = row.cells.get(domain)
    kinds = ["afn-matrix-seen"] if row.has_seen(domain) else []
    if cell is None:
        return _td("·", "not tested yet", [*kinds, _NONE])
    what = f"{_who(row, titles)}, tested on {domain_words(domain, titles)}"
    if against is None:
        return _td(
            f"{100 * cell.accuracy:.1f}",
            f"{what}: {accuracy_words(accuracy_over([cell]))}, {count_words(cell.n, 'image')}, "
            f"{cell.source}; statistics: {statistics_told(row.statistics, cell.n)}",
            kinds,
            heat(cell.accuracy),
        )
    other = partner_of(row, against)
    theirs = other.cells.get(domain) if other else None
    if other is None or theirs is None:
        return _td("·", "nothing to compare with yet", [*kinds, _NONE])
    if not is_alike(cell, theirs):
        return _td("·", "not the same images", [*kinds, _NONE])
    gain = gain_over([cell], [theirs])
    own, others, difference = difference_words(cell.accuracy, theirs.accuracy)
    return _td(
        signed(gain.value),
        f"{what}: {difference} points ({interval_words(gain)}) over {other.label}, {own} and "
        f"{others} of the same {count_words(cell.n, 'image')}",
        [*kinds, _certainty(gain)],
        diverging(100 * gain.value),
    )


def _mean_html(
    row: MatrixRow,
    domains: Sequence[str],
    against: Sequence[MatrixRow] | None,
    titles: Titles,
) -> str:
    kinds = ["afn-matrix-mean"]
    unseen = [domain for domain in domains if not row.has_seen(domain)]
    if not unseen:
        return _td("", "it has seen all domains", kinds)
    if missing := [domain for domain in unseen if domain not in row.cells]:
        return _td("·", f"{len(missing)} of {len(unseen)} not tested yet", [*kinds, _NONE])
    what = f"{_who(row, titles)}, mean over {count_words(len(unseen), 'domain')} it has not seen"
    if against is None:
        mean = fmean(row.cells[domain].accuracy for domain in unseen)
        return _td(f"{100 * mean:.1f}", f"{what}: {percent(mean)}", kinds, heat(mean))
    other, pairs = partner_of(row, against), unseen_pairs([row], against, domains)
    if other is None or len(pairs) < len(unseen):
        return _td("·", "not all can be compared yet", [*kinds, _NONE])
    gain = mean_gain(pairs)
    return _td(
        signed(gain.value),
        f"{what}: {gain_words(gain)} over {other.label}",
        [*kinds, _certainty(gain)],
        diverging(100 * gain.value),
    )


def _td(text: str, title: str, kinds: Sequence[str], background: str = "") -> str:
    style = f' style="background:{background}"' if background else ""
    return f'<td class="{" ".join(kinds)}" title="{escape(title)}"{style}><span>{text}</span></td>'


def _certainty(gain: Estimate) -> str:
    return "afn-matrix-sure" if gain.is_clear else "afn-matrix-faint"


def _who(row: MatrixRow, titles: Titles) -> str:
    return f"{row.label} trained on {domain_words(row.train, titles)}"


def _marked(name: str, known: Sequence[str], titles: Titles) -> str:
    mark = domain_mark(name, known)
    return (
        f'<span style="color:{mark.color}" aria-hidden="true">{mark.glyph}</span> '
        f"{escape(domain_words(name, titles))}"
    )


def _trained(name: str, domains: Sequence[str], titles: Titles) -> str:
    """A row's head; where all columns but one were trained on, that one says it shorter."""
    parts = parts_of(name)
    left = [domain for domain in domains if domain not in parts]
    if len(parts) > 1 and len(left) == 1 and len(parts) == len(domains) - 1:
        return f"all but {_marked(left[0], domains, titles)}"
    return _marked(name, domains, titles)
