"""All pages of the app, for whatever is asked of every one of them: add a page by adding a line."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AppPage:
    """A page as a visitor gets to it."""

    path: str
    title: str
    """In the navigation."""
    drawn: str
    """CSS of the first thing that is the page's own content."""
    query: str = ""
    """A link with much of the page on screen; ``{afn}`` and ``{bn}`` are ids of runs."""
    settled: str = ""
    """CSS of what comes last with that link, where that is not ``drawn``."""


PLOT = ".js-plotly-plot .main-svg"
PAGES = (
    AppPage("", "Playground", ".afn-card", "?run={afn}~{bn}", ".live-chart-legend button"),
    AppPage("data", "Your data", "[data-testid=stFileUploader]"),
    AppPage(
        "lessons", "Lessons", "[class*=st-key-lesson-card]", "?lesson=hidden-hero&guess=1", PLOT
    ),
    AppPage("lambda", "λ dynamics", PLOT, "?runs={afn}~mnist5k-asrnorm", ".afn-lambda-map .node"),
    AppPage("gamma-beta", "γ/β", PLOT, "?run={afn}"),
    AppPage("robustness", "Robustness", ".afn-samples img", "?models={bn}~{afn}&n=100", PLOT),
    AppPage("adapt", "Adapting", PLOT, "?n=200", ".afn-stream i"),
    AppPage("domains", "Domains", ".afn-matrix"),
    AppPage("ablations", "Ablations", "[data-testid=stButtonGroup]", "?guess=0", PLOT),
    AppPage("norms", "Norms", ".afn-block .tile", "?norm=sn"),
    AppPage("inside", "Inside the layer", ".afn-inside .stage", "?model={afn}", ".afn-beside"),
    AppPage("your-model", "Your model", "[data-testid=stCode]"),
    AppPage("cost", "Cost", PLOT),
    AppPage("advise", "Should I use it?", PLOT),
    AppPage("paper", "Paper", ".afn-verdicts"),
    AppPage("runs", "Runs", "[data-testid=stDataFrame]", "?run={afn}~{bn}", PLOT),
)
