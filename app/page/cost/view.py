"""What the Cost page shows: its settings, their link form, and the measurements that fit them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

import streamlit as st

from afn.cost.plan import (
    BATCH_SIZES,
    CHANNELS,
    IMAGE,
    SIZES,
    STEPS_A_ROUND,
    SUBJECT_TITLES,
    SUBJECTS,
    WARMUP_ROUNDS,
    YARDSTICK,
    Plan,
)
from afn.cost.records import Measurement, Report
from afn.settings.norms import NORM_NAMES, NORM_TITLES
from afn.wording import count_words

from ...kit import address, backend, folders
from ...kit.view import View, ViewState, in_link, in_session
from .words import HELP

REFERENCE = folders.REFERENCE / "cost.jsonl"
"""What was measured on the machine that the file's head names, by the command that it names."""
VARIED = {"channels": CHANNELS, "size": SIZES, "batch_size": BATCH_SIZES}
VARIED_TITLES = {"channels": "channels", "size": "image size", "batch_size": "batch size"}
SCALES = ("ratio", "absolute")
CONTENDERS = tuple(norm for norm in NORM_NAMES if norm != YARDSTICK)


@dataclass(frozen=True, kw_only=True, slots=True)
class CostView(View):
    """Which measurements are on screen, and how."""

    subject: str = in_link("of", "layer", SUBJECTS)
    over: str = in_link("over", "channels", VARIED)
    """What varies, one of ``VARIED``; not heeded for networks, see `varied`."""
    channels: int = in_link("channels", 16, CHANNELS)
    size: int = in_link("size", 32, SIZES)
    batch_size: int = in_link("batch", 128, BATCH_SIZES)
    norms: tuple[str, ...] = in_link("norms", ("afn", "asrnorm"), CONTENDERS)
    """Shown beside batch norm, which is always there."""
    scale: str = in_link("as", "ratio", SCALES)
    """To batch norm; or absolute."""

    def in_order(self) -> "CostView":
        """The same with its norms in their usual order."""
        return replace(self, norms=tuple(norm for norm in CONTENDERS if norm in self.norms))

    @property
    def varied(self) -> str:
        """What varies; networks have channels and image size of their own."""
        return self.over if self.subject == "layer" else "batch_size"

    @property
    def plan(self) -> Plan:
        """What is to be measured to draw it."""
        values = {n: c if n == self.varied else (getattr(self, n),) for n, c in VARIED.items()}
        if self.subject != "layer":
            values |= {"channels": CHANNELS, "size": SIZES}  # not theirs
        return Plan(
            subjects=(self.subject,),
            channels=values["channels"],
            sizes=values["size"],
            batch_sizes=values["batch_size"],
            norms=self.norms or (YARDSTICK,),
        )

    @classmethod
    def of(cls, plan: Mapping[str, Any], scale: str = "ratio") -> "CostView":
        """The view that a plan, as a report's head tells it, was made for.

        Raises:
            ValueError: There is none.
        """
        try:
            [subject] = plan["subjects"]
            norms = tuple(norm for norm in plan["norms"] if norm != YARDSTICK)
            values: dict[str, Any] = {"subject": subject, "norms": norms, "scale": scale}
            if subject == "layer":
                fields = {"channels": "channels", "size": "sizes", "batch_size": "batch_sizes"}
                sizes = {name: plan[field] for name, field in fields.items()}
                [values["over"]] = [name for name, several in sizes.items() if len(several) > 1]
                values |= {name: value[0] for name, value in sizes.items() if len(value) == 1}
        except (KeyError, TypeError, IndexError) as error:
            raise ValueError(f"no such plan: {error}") from error
        return cls(**values)

    def chosen(self, measurements: Sequence[Measurement]) -> list[Measurement]:
        """Those that belong here, in the order of what varies, batch norm first."""
        plan = self.plan
        places = {case: place for place, case in enumerate(plan.cases)}
        norms = list(plan.contenders)
        measured = {m.case for m in measurements if m.norm == YARDSTICK} & places.keys()
        fitting = [m for m in measurements if m.case in measured and m.norm in norms]
        return sorted(fitting, key=lambda m: (places[m.case], norms.index(m.norm)))

    def fits(self, measurements: Sequence[Measurement]) -> bool:
        """Whether every norm of the view is among them."""
        return {m.norm for m in self.chosen(measurements)} == set(self.plan.contenders)

    def place(self, measurement: Measurement) -> int:
        """Where it stands on the axis of what varies."""
        return int(getattr(measurement.case, self.varied))

    def words(self, value: int) -> str:
        """What varies at a value of it: "16 channels", "32×32", "batch 128"."""
        return _words(self.varied, value)

    def fixed_words(self) -> list[str]:
        """What does not vary."""
        if self.subject != "layer":
            return [_words("size", IMAGE[1])]
        names = [name for name in VARIED if name != self.varied]
        return [_words(name, getattr(self, name)) for name in names]

    def title(self) -> str:
        """What is measured."""
        return SUBJECT_TITLES[self.subject]


def _words(name: str, value: int) -> str:
    match name:
        case "channels":
            return count_words(value, "channel")
        case "size":
            return f"{value}×{value}"
        case _:
            return f"batch {value}"


# -- how long it takes -----------------------------------------------------------------------------

_START_SECONDS = 3.0


def seconds_of(plan: Plan, reference: Report, own: Report | None = None) -> float | None:
    """About how long a measurement takes, at this machine's pace if known; None for unknown."""
    known = {(m.case, m.norm): m for m in reference.measurements}
    total = 0.0
    for case in plan.cases:
        for norm in plan.contenders:
            if (found := known.get((case, norm))) is None:
                return None
            total += (found.train_step_ms + found.inference_ms) / 1000
    seconds = _START_SECONDS + total * STEPS_A_ROUND * (plan.rounds + WARMUP_ROUNDS)
    return seconds * _pace(own, reference) if own else seconds


def _pace(own: Report, reference: Report) -> float:
    """How many times as long as the reference machine this one took."""
    known = {(m.case, m.norm): m.train_step_ms for m in reference.measurements}
    ratios = [
        m.train_step_ms / known[m.case, m.norm]
        for m in own.measurements
        if (m.case, m.norm) in known
    ]
    return median(ratios) if ratios else 1.0


def title_of(norm: str) -> str:
    """The norm's name for people."""
    return NORM_TITLES[norm]


# -- the session -----------------------------------------------------------------------------------

MEASUREMENT_PARAMETER = "m"
VIEW = ViewState("cost", CostView, anchor="subject", things=(MEASUREMENT_PARAMETER,), help=HELP)


@dataclass(slots=True)
class Measured:
    """The live measurement that the page shows; empty for none."""

    name: str = ""


def begin() -> tuple[bool, list[str]]:
    """As every page's, and the measurement that the address names."""
    is_asked, problems = VIEW.begin()
    if is_asked:
        in_session(Measured).name = ""
        if named := address.asked().get(MEASUREMENT_PARAMETER, [""])[-1]:
            try:
                backend.measurements().report(named)
                in_session(Measured).name = named
            except (ValueError, OSError) as error:
                problems.append(f"In the link, m: {error}. It is left out.")
    return is_asked, problems


def take() -> CostView:
    """The view that the widgets say; norms always in the same order."""
    return VIEW.take().in_order()


def measurement() -> str:
    """The live measurement that the page shows; empty for none."""
    return in_session(Measured).name


def show_measurement(measurement: str) -> None:
    """Show a live measurement, or with an empty name the reference again."""
    in_session(Measured).name = measurement
    VIEW.clear_problems()


def write_url(view: CostView) -> None:
    """Make the address a link to what the page shows."""
    shown = measurement()
    VIEW.write(view, **({MEASUREMENT_PARAMETER: shown} if shown else {}))


@st.cache_resource(show_spinner=False)
def reference() -> Report:
    """What was measured on the reference machine."""
    return Report.read(REFERENCE)
