"""Starting what a link asks for, by a request of its own, so that no script need rerun before.

`ORDERS.serve` is the route: a POST of ``{"order", "link"}`` is answered by ``{"runs", "before"}``,
the ids and how many comparisons go before them, or by ``{"refused": "one line"}``. An order has a
number, by which whatever repeats it (a double click, a retry, the press of a button behind an
answer that was lost) gets the runs of the first time.
"""

import asyncio
import json
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from afn.engine.ready import check_ready
from afn.runs.store import Run
from afn.settings.commands import Command
from afn.settings.config import TrainConfig
from afn.work.secret import is_shared

from . import backend
from .comparison import from_url, labels
from .headers import is_own

PATH = "/start"
_KEPT = 2000
"""So many orders are remembered."""
_LONGEST = 20_000
"""Bytes of an order."""
_LONGEST_NUMBER = 80


def start(
    configs: Sequence[TrainConfig],
    *,
    names: Sequence[str],
    group: str = "",
    commands: Sequence[Command] = (),
    owner: str | None = None,
) -> list[Run]:
    """New runs of one comparison, submitted together; all or none.

    Args:
        configs: What to train.
        names: Their labels.
        group: Of the comparison, where it has one already.
        commands: Obeyed before the first step.
        owner: Who wants them, on a server that several share.

    Raises:
        ValueError: Something does not fit, or is more than one may have.
        OSError: The disk is full, or there is no worker.
    """
    for config in configs:
        check_ready(config)
    runner, group = backend.ready_runner(), group or secrets.token_hex(4)
    runs: list[Run] = []
    try:
        for config, name in zip(configs, names, strict=True):
            runs.append(
                backend.store().create(
                    config, name=name, group=group, commands=commands, owner=owner
                )
            )
        runner.submit(runs)
    except (OSError, ValueError):
        for run in runs:
            with suppress(FileNotFoundError):  # whoever refused it
                run.delete()
        raise
    return runs


@dataclass
class _Order:
    """One order; whatever repeats it waits for the first, and nobody else does."""

    runs: list[Run] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Orders:
    """What was ordered, each once."""

    def __init__(self) -> None:
        self.is_served = False
        self._orders: OrderedDict[str, _Order] = OrderedDict()
        self._lock = threading.Lock()

    def serve(self, base: str = "") -> Route:
        """The route; from now on pages count on it."""
        self.is_served = True
        return Route(base + PATH, self.respond, methods=["POST"])

    def once(self, order: str, make: Callable[[], list[Run]]) -> list[Run]:
        """The runs of an order, made where it is new; what `make` raises is not remembered."""
        with self._lock:
            found = self._orders.setdefault(order[:_LONGEST_NUMBER], _Order())
            while len(self._orders) > _KEPT:
                self._orders.popitem(last=False)
        with found.lock:
            found.runs = found.runs or make()
            return found.runs

    async def respond(self, request: Request) -> JSONResponse:
        """Take an order, from a page of this server alone."""
        if not is_own(request):
            return JSONResponse({"refused": "orders come from the app's own pages"}, 403)
        try:
            body = await request.body()
            asked = json.loads(body) if len(body) <= _LONGEST else {}
            order, link = str(asked["order"]), parse_qs(str(asked["link"]))
        except (ValueError, KeyError, TypeError):
            return JSONResponse({"refused": "an order is JSON: its number and a link"}, 400)
        comparison, problems = from_url(link)
        owner = request.scope.get("person")
        if is_shared() and owner is None:  # whose browser keeps no cookies: the script knows him
            return JSONResponse({"refused": "nobody is known to have sent it"}, 409)
        try:
            if problems:
                raise ValueError(problems[0])
            names = labels(comparison)
            runs = await asyncio.to_thread(
                self.once, order, lambda: start(comparison, names=names, owner=owner)
            )
        except (OSError, ValueError, ImportError) as error:
            return JSONResponse({"refused": refusal(error)}, 422)
        before = max(backend.ready_runner().position(runs[0]) - 1, 0)
        return JSONResponse({"runs": [run.id for run in runs], "before": before})


def refusal(error: Exception) -> str:
    """Why nothing was started, in one line."""
    return f"Nothing was started: {error}."


ORDERS = Orders()
"""Those of this server."""
