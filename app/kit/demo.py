"""The comparison that the Playground opens with, finished: recorded once, and shipped.

`benchmarks.demo` trains it and lays what the runs said and drew into ``app/reference/demo``, a
folder each, named by the configuration's hash.
"""

from dataclasses import replace

from afn.runs.recorded import Recorded
from afn.settings.config import TrainConfig

from .comparison import Comparison, opening_comparison
from .folders import DEMO


def demo_of(config: TrainConfig) -> Recorded | None:
    """What is recorded of a configuration, the twist's included; None where nothing is.

    It is told as a run is: ``History.of(demo_of(config))``.
    """
    name = config.hash()
    found = Recorded(f"demo.{name}", DEMO / name)
    return found if found.is_there else None


def twisted(comparison: Comparison) -> Comparison:
    """The comparison with BN given the test batch too: the statistics that AFN is tested with."""
    return tuple(
        replace(config, eval_stats="batch") if config.norm == "bn" else config
        for config in comparison
    )


def recorded() -> list[TrainConfig]:
    """The configurations that are to be recorded, each once."""
    return list(dict.fromkeys([*opening_comparison(), *twisted(opening_comparison())]))
