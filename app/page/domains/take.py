"""Domains: networks trained on some domains, tested on all of them."""

from collections.abc import Iterable, Sequence

from afn.ask.network import Network
from afn.ask.records import Question
from afn.data import DatasetEntry
from afn.wording import enumerate_words

from ...kit.take import asking
from ...kit.take.code import ONE_THREAD, Origin, literal, program_of, seeds_of, table
from ...kit.take.program import Program, line
from .view import CONTENDERS, Contender, DomainsView, TrainedNetworks, question

_QUESTIONS = """\
questions = {{
    (f"{{label}}, {{source}}", domain): {{
        "network": networks[norm, source],
        "dataset": domain,
        "statistics": statistics,
        "networks": mode,
    }}
    for domain in {domains}
    for label, (norm, statistics, mode) in contenders.items()
    for _, source in (pair for pair in networks if pair[0] == norm)
}}
"""


def programs_of(
    view: DomainsView, trained: TrainedNetworks, entries: Sequence[DatasetEntry]
) -> list[Program]:
    """Testing the networks on all domains once more."""
    names = [entry.name for entry in entries]
    asked = {
        (label, source): (contender, network, question(view, contender, network, entries[0]))
        for label in view.in_order
        for contender in (CONTENDERS[label],)
        for (norm, source), network in trained.items()
        if norm == contender.norm
    }
    if not asked:
        return []
    contenders = {CONTENDERS[label].label: CONTENDERS[label] for label, _ in asked}
    used = {contender.norm for contender in contenders.values()}
    networks = {pair: network for pair, network in trained.items() if pair[0] in used}
    origins = {pair: Origin.of(network.id) for pair, network in networks.items()}
    trained_by = {pair: origin.network() for pair, origin in origins.items()}
    asked_how = {
        label: literal((each.norm, each.stats, each.networks)) for label, each in contenders.items()
    }
    sources = dict.fromkeys(source for _, source in networks)
    modes = dict.fromkeys(f"{each.label}: {q.statistics}" for each, _, q in asked.values())
    absent = ", ".join(entry.name for entry in entries if entry.how_to_get)
    notes = [f"It takes the images of {absent} in the data folder; they are not there."]
    return [
        program_of(
            {f"{norm} on {source}": origin for (norm, source), origin in origins.items()},
            ONE_THREAD,
            table("networks", trained_by, "by norm and by what they were trained on"),
            table("contenders", asked_how, "norm, statistics, how its networks are"),
            _QUESTIONS.format(domains=literal(names)),
            asking.loop(name="(name, where)", num_images=view.images, batch_size=view.batch_size),
            title="Every domain",
            about=f"{enumerate_words(list(contenders))}, trained on {'; '.join(sources)}, on the "
            f"first {view.images:,} clean test images of {', '.join(names)}. Seed "
            f"{seeds_of(origins)}. Statistics: {', '.join(modes)}.",
            commands=tuple(
                _command(contender, [s.id for p, s in networks.items() if p[0] == contender.norm],
                         names, view)
                for contender in contenders.values()
            ),
            expected=tuple(
                text for entry in entries for text in _expected(view, asked.values(), entry)
            ),
            notes=notes if absent else (),
        )
    ]  # fmt: skip


_Asked = tuple[Contender, Network, Question]


def _expected(view: DomainsView, asked: Iterable[_Asked], domain: DatasetEntry) -> list[str]:
    found = []
    for contender, network, _ in asked:
        answers = network.file(question(view, contender, network, domain))
        if cell := answers.cells().get((None, 0)):
            name = f"{contender.label}, {network.config.dataset}"
            found.append(line(name, domain.name, cell.accuracy))
    return found


def _command(
    contender: Contender, models: Sequence[str], names: Sequence[str], view: DomainsView
) -> tuple[str, ...]:
    told = asking.options(view.images, view.batch_size, contender.stats, contender.networks)
    return ("domains", *models, "--on", *names, *told)
