"""A run as a file: its curves, tests and layers, from its first step to its last."""

from collections.abc import Callable

from ...kit import histories
from ...kit.draw import recorded
from ...kit.draw.chart import Chart, Shown
from ...kit.draw.corruptions import corruption_chart
from ...kit.draw.distribution import distribution_chart, layer_names
from ...kit.draw.lambdas import lambda_chart
from ...kit.draw.learning import gradient_chart, learning_chart
from ...kit.draw.live_chart import handed_out
from ...kit.draw.network import Lane, network_chart
from ...kit.draw.scrubber import scrubber_chart
from ...kit.handout.parts import Heading, Piece, Words
from ...kit.handout.trained import trained
from ...kit.markdown import plain


def parts_of(run: str) -> list[Piece]:
    """What is known of a run by its id."""
    shown, problems = histories.opened([run])
    if not shown:
        return [Words(markdown=plain(line)) for line in problems]
    [one] = shown
    if one.recording:
        return _recorded(one)
    charts: dict[str, Callable[[], Chart]] = {
        "Loss and accuracy": lambda: learning_chart(shown),
        "Accuracy per corruption": lambda: corruption_chart(shown, one.config.severity),
    }
    if one.history.adaptive_layers:
        charts = {"λ of every layer": lambda: lambda_chart(shown), **charts}
    if layers := layer_names(shown):
        charts["How γ̂ and β̂ spread"] = lambda: distribution_chart(shown, layers[0])
    charts["Gradient and speed"] = lambda: gradient_chart(shown)
    lane = Lane(label=one.label, color=one.color, config=one.config, shown=one, look=None)
    told = f"{histories.provenance(shown)} · statistics at test time: {one.statistics}"
    parts: list[Piece] = [
        Words(markdown=plain(told), is_small=True),
        handed_out("steps", "Steps", lambda: scrubber_chart(shown)),
        handed_out("network", "The network as a diagram", lambda: network_chart([lane])),
    ]
    for title, chart in charts.items():
        parts += [Heading(title=title), handed_out(title, title, chart)]
    return [*parts, *trained({one.label: one.config})]


def _recorded(one: Shown) -> list[Piece]:
    """Of a run that was recorded in a loop of somebody's own."""
    history = one.history
    charts: dict[str, Callable[[], Chart]] = {
        "Loss and accuracy": lambda: recorded.recorded_chart(
            one, recorded.learning_panels(history), recorded.learning_reading(history)
        ),
        "Gradient": lambda: recorded.recorded_chart(
            one, recorded.gradient_panels(history), recorded.gradient_reading(history)
        ),
    }
    if history.adaptive_layers:
        charts = {"λ of every layer": lambda: lambda_chart([one]), **charts}
    if layers := layer_names([one]):
        charts["How γ̂ and β̂ spread"] = lambda: distribution_chart([one], layers[0])
    notes = "\n\n".join([histories.provenance([one]), *history.notes])
    parts: list[Piece] = [Words(markdown=plain(notes), is_small=True)]
    for title, chart in charts.items():
        parts += [Heading(title=title), handed_out(title, title, chart)]
    return parts
