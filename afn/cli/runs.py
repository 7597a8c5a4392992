"""``python -m afn runs``: list, show or delete what was trained."""

import argparse
import json

from afn.cli.telling import Say, columns
from afn.runs.store import RunStore


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("action", choices=["list", "show", "delete"], nargs="?", default="list")
    parser.add_argument("run_id", nargs="?", metavar="RUN_ID")


def run(options: argparse.Namespace, say: Say) -> None:
    """Do it."""
    store = RunStore()
    if options.action == "list":
        _list(store, say)
        return
    if not options.run_id:
        raise ValueError(f"name the run to {options.action}; `python -m afn runs` lists them")
    run = store.open(options.run_id)
    if options.action == "delete":
        run.delete()
        say(f"deleted {run.id}", {"deleted": run.id})
        return
    record, state = run.record(), run.state()
    text = json.dumps(record, indent=1, ensure_ascii=False)
    say(f"{run.id}: {state.status} {state.reason}\n{text}", {**record, "status": state.status})


def _list(store: RunStore, say: Say) -> None:
    found = [(run, run.state()) for run in store.list()]
    if not found:
        say(f"no runs in {store.root} yet: python -m afn train makes one", None)
        return
    rows = []
    for run, state in found:
        try:
            record = run.record()
        except (ValueError, OSError):  # its state says so
            record = {}
        config = record.get("config", {})
        accuracy = (state.summary or {}).get("accuracy")
        rows.append(
            (
                run.id, state.status, "" if accuracy is None else f"{100 * accuracy:.2f} %",
                str(config.get("norm", "")), str(config.get("dataset", "")),
                ": ".join(filter(None, [str(record.get("name", "")), state.reason])),
            )
        )  # fmt: skip
    heading, *lines = columns(("run", "status", ">accuracy", "norm", "data", ""), rows)
    say(heading, None)
    for line, (run, state) in zip(lines, found, strict=True):
        say(
            line,
            {
                "id": run.id, "status": state.status, "reason": state.reason,
                "summary": state.summary,
            },
        )  # fmt: skip
