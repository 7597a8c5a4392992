"""``python -m afn pretrained list|show|train|ask|adapt|tables``."""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, get_args

from afn.cli.telling import Say, columns
from afn.cli.terminal import bar
from afn.corruptions.severities import rule_words
from afn.pretrained.asked import markdown, table_of
from afn.pretrained.asks import Reading
from afn.pretrained.cards import INSTALLED, pretrained_dir, pretrained_names, read_card
from afn.pretrained.comparison import FEWEST_SEEDS
from afn.pretrained.lacking import what_it_takes
from afn.pretrained.measured import Results
from afn.pretrained.plan import PLAN, chosen
from afn.pretrained.published import TABLES, Table
from afn.pretrained.replication import COMPARISONS, Replicated, replicated
from afn.pretrained.results import Accuracy, answered, update_results
from afn.pretrained.spec import Spec
from afn.pretrained.streamed import StreamAnswer, update_streams
from afn.pretrained.streams import STREAM_MODELS, STREAM_SEEDS
from afn.wording import count_words, duration_words, interval_words, signed_words, statistics_told


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument(
        "action",
        choices=["list", "show", "train", "ask", "adapt", "tables"],
        nargs="?",
        default="list",
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME",
        help="models; train, ask and adapt take patterns: 'cifar10-*'; of tables: published ones "
        "(default all), or asked: what the source asks and what was found",
    )  # fmt: skip
    parser.add_argument(
        "--column", choices=get_args(Reading), default="trains",
        help="of the first table of digits: the domain that trains (default) or that tests",
    )  # fmt: skip
    parser.add_argument(
        "--into", type=Path, metavar="FILE",
        help="of the table asked: also put it into a Markdown file, between <!-- asked --> and "
        "<!-- /asked -->, such as docs/pretrained.md",
    )  # fmt: skip
    parser.add_argument("--all", action="store_true", help="train all that are planned")
    parser.add_argument(
        "--again", action="store_true", help="train also what is made already, as the table says"
    )
    parser.add_argument(
        "--jobs", type=int, default=1, metavar="N", help="processes at a time (default 1)"
    )


def run(options: argparse.Namespace, say: Say) -> None:
    """List what is shipped, show or ask it, train what is planned, or hold it against the paper."""
    if options.jobs < 1:
        raise ValueError(f"--jobs must be at least 1, got {options.jobs}")
    match options.action:
        case "list":
            _list(say)
        case "show":
            if len(options.names) != 1:
                raise ValueError("name one model to show; `python -m afn pretrained` lists them")
            _show(options.names[0], say)
        case "tables":
            _tables(options.names, options.column, options.into, say)
        case "train":
            if options.all == bool(options.names):
                raise ValueError("name what to train, or say --all")
            _require_own_folder()
            specs = list(PLAN.values()) if options.all else chosen(options.names)
            if not options.again:
                specs = _lacking(specs, say)
            _in_processes("train", specs, options.jobs, say)
        case "ask":
            _require_own_folder()
            shipped = pretrained_names()
            specs = [spec for spec in chosen(options.names or ["*"]) if spec.name in shipped]
            if not specs:
                raise ValueError(
                    f"none of {', '.join(options.names)} is shipped; `python -m afn pretrained` "
                    f"lists what is"
                )
            _in_processes("ask", specs, options.jobs, say)
        case "adapt":
            _require_own_folder()
            _in_processes("adapt", _on_streams(options.names), options.jobs, say)


def _on_streams(names: Sequence[str]) -> list[Spec]:
    """Those that are to live on streams, of `STREAM_SEEDS` trainings."""
    specs = [
        spec
        for spec in chosen(names or ["*"])
        if spec.stem in STREAM_MODELS and spec.config.seed in STREAM_SEEDS
    ]
    if not specs:
        planned = ", ".join(STREAM_MODELS)
        raise ValueError(f"no stream is planned for {', '.join(names)}; planned: {planned}")
    return specs


def _list(say: Say) -> None:
    names = pretrained_names()
    planned = [name for name in PLAN if name in names]
    rows: list[tuple[str, ...]] = []
    records: list[dict[str, Any]] = []
    seconds = 0.0
    for name in [*planned, *(name for name in names if name not in PLAN)]:
        try:
            card = read_card(name)
        except ValueError as error:
            rows.append((name, "", "", "", str(error)))
            records.append({"name": name, "error": str(error)})
            continue
        seconds += card.seconds
        clean = card.clean_accuracy()
        told = (
            f"({count_words(clean.n, 'image')}, statistics: "
            f"{statistics_told(clean.statistics, clean.n)})"
            if clean
            else ""
        )
        rows.append(
            (
                name, card.config.norm, card.config.dataset,
                f"{100 * clean.accuracy:.2f} %" if clean else "",
                ", ".join(filter(None, [told, rule_words(card.rule)])),
            )
        )  # fmt: skip
        records.append(
            {
                "name": name, "group": card.group, "norm": card.config.norm,
                "dataset": card.config.dataset, "seconds": card.seconds,
                "clean": asdict(clean) if clean else None, "rule": card.rule,
            }
        )  # fmt: skip
    heading, *lines = columns(("model", "norm", "trained on", ">clean", ""), rows)
    say(heading, None)
    for line, record in zip(lines, records, strict=True):
        say(line, record)
    say(
        f"{count_words(len(names), 'model')} in {pretrained_dir()}, trained in "
        f"{seconds / 3600:.1f} hours",
        {"models": len(names), "folder": str(pretrained_dir()), "seconds": seconds},
    )


def _show(name: str, say: Say) -> None:
    card = read_card(name)
    record = card.to_json()
    head = {key: value for key, value in record.items() if key != "accuracies"}
    lines = [json.dumps(head, indent=1, ensure_ascii=False)]
    for each in card.accuracies:
        shift = "clean" if each.severity == 0 else f"{each.corruption} {each.severity}"
        older = f", {words}" if (words := rule_words(each.rule)) else ""
        lines.append(
            f"{each.test_data:<18} {shift:<20} {100 * each.accuracy:6.2f} %  "
            f"({count_words(each.n, 'image')}, "
            f"statistics: {statistics_told(each.statistics, each.n)}, "
            f"networks {each.networks}{older})"
        )
    say("\n".join(lines), record)


def _tables(names: Sequence[str], column: Reading, into: Path | None, say: Say) -> None:
    known = ["asked", *(table.name for table in TABLES)]
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"unknown table {unknown[0]!r}; known: {', '.join(known)}")
    results = Results.read(pretrained_dir())
    if into and "asked" not in names:
        raise ValueError("--into takes the table asked: python -m afn pretrained tables asked")
    if "asked" in names:
        _asked(results, into, say)
    for table in TABLES:
        if names and table.name not in names:
            continue
        say(f"{table.title} ({table.name})", {"kind": "table", "name": table.name})
        for row in replicated(results, table, column):
            _accuracies(table, row, say)
            _differences(table, row, say)


def _asked(results: Results, into: Path | None, say: Say) -> None:
    """What the source asks and what was found, as docs/pretrained.md has it."""
    found = table_of(results, {table.name: replicated(results, table) for table in TABLES})
    records: list[dict[str, Any]] = [{"kind": "head"}] * 2
    for row in found:
        gain = row.gain
        records.append(
            {
                "kind": "asked", "asks": row.asks, "held": row.held, "where": row.where,
                "measured": gain.mean if gain else None, "seeds": gain.n if gain else 0,
                "verdict": row.verdict, "command": row.command, "section": row.section,
            }
        )  # fmt: skip
    lines = markdown(found)
    if into:
        _put_between(into, "asked", lines)
    for line, record in zip(lines, records, strict=True):
        say(line, record)


def _put_between(path: Path, name: str, lines: Sequence[str]) -> None:
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    text = path.read_text()
    head, found, rest = text.partition(begin)
    _, closed, tail = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"{path} has no {begin} with {end} behind it: say where the table goes")
    path.write_text("\n".join([head + begin, *lines, end + tail]))


def _accuracies(table: Table, row: Replicated, say: Say) -> None:
    for norm, published in row.row.accuracies.items():
        here = row.measured[norm]
        command = "" if row.is_planned else what_it_takes(table, row.row)
        told = "not measured"
        if here:
            told = f"here {here.mean:6.2f} % over {count_words(here.n, 'seed')}"
        elif command and norm == "afn":
            told = f"not measured: {command}"
        say(
            f"  {row.row.name:<22} {norm:<8} published {published:6.2f} %, {told}",
            {
                "kind": "row", "table": table.name, "row": row.row.name, "norm": norm,
                "published": published, "measured": here.mean if here else None,
                "seeds": here.n if here else 0, "command": command,
            },
        )  # fmt: skip


def _differences(table: Table, row: Replicated, say: Say) -> None:
    """Of one norm over another, with interval, verdict, and what could have been seen."""
    for each in COMPARISONS:
        published, gain = row.published(each.way, each.over), row.gain(each.way, each.over)
        found = row.verdict(each.way, each.over) if row.is_planned else None
        if published is None or gain is None or found is None:
            continue
        has_interval = gain.n >= FEWEST_SEEDS
        told = f"here {signed_words(gain.mean, 2)}"
        if has_interval:
            bounds = interval_words(
                gain.mean, gain.low, gain.high, of="seed", decimals=2, is_signed=True
            )
            told += f" ({bounds})"
        paired = "" if gain.is_paired else ", not paired"
        told += f" over {count_words(gain.n, 'seed')}{paired}: {found}"
        if gain.n > 1:
            told += f"; sees ±{gain.smallest_effect:.2f}"
        said = "; ".join(filter(None, [row.condition, row.refusal]))
        say(
            f"  {row.row.name:<22} {each.title}, {each.how}: published "
            f"{signed_words(published, 2)}, {told}{f' ({said})' if said else ''}",
            {
                "kind": "difference", "table": table.name, "row": row.row.name,
                "way": each.way, "over": each.over, "published": published,
                "measured": gain.mean, "seeds": gain.n, "verdict": found,
                "low95": gain.low if has_interval else None,
                "high95": gain.high if has_interval else None,
                "is_paired": gain.is_paired,
                "smallest_effect": gain.smallest_effect if gain.n > 1 else None,
                "seeds_needed": gain.seeds_for(published) if gain.n > 1 else None,
                "condition": row.condition, "refusal": row.refusal,
            },
        )  # fmt: skip


def _require_own_folder() -> None:
    """Before hours of training: what is made is written, and not into an installed package."""
    folder = pretrained_dir()
    if folder == INSTALLED:
        raise ValueError(
            "what came with the installed package stays as it is: name a folder for what you make "
            "in AFN_PRETRAINED_DIR"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise OSError(
            f"cannot write a model to {folder}: {error.strerror or error}; point "
            f"AFN_PRETRAINED_DIR at a folder that can be written"
        ) from error


def _lacking(specs: list[Spec], say: Say) -> list[Spec]:
    """Those that are still to be made; the others were, as they are planned, here or elsewhere."""
    folder = pretrained_dir()
    known = answered(folder)

    def is_made(spec: Spec) -> bool:
        if (spec.name, spec.config.hash()) not in known:
            return False
        try:
            return not spec.is_shipped or read_card(spec.name).config == spec.config
        except ValueError:
            return False

    lacking = [spec for spec in specs if not is_made(spec)]
    if count := len(specs) - len(lacking):
        say(
            f"made already in {folder}: {count} of {count_words(len(specs), 'model')}; --again "
            f"makes them anew",
            {"kind": "made already", "models": count},
        )
    return lacking


def _in_processes(
    what: Literal["train", "ask", "adapt"], specs: list[Spec], jobs: int, say: Say
) -> None:
    """Each model in a process of its own; one that fails does not keep the others."""
    table = threading.Lock()
    folder = pretrained_dir()
    shares = dict.fromkeys((spec.name for spec in specs), 0.0)

    def reach(spec: Spec, share: float) -> None:
        shares[spec.name] = share
        shown.reach(sum(shares.values()))

    def make(spec: Spec) -> bool:
        end: dict[str, Any] = {"kind": "failed", "error": "its process ended without a word"}
        command = [sys.executable, "-m", f"afn.pretrained.{what}", spec.name]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                end = json.loads(line)
                if end["kind"] == "tested":
                    reach(spec, end["epoch"] / (spec.config.epochs + 1))
                if end["kind"] == "streamed":
                    reach(spec, end["stream"] / end["of"])
                if end["kind"] not in ("made", "failed"):
                    say(f"{spec.name}: {_in_words(end)}", {"model": spec.name, **end})
        if process.returncode or end["kind"] != "made":
            reason = end.get("error", f"its process ended with {process.returncode}")
            say(f"{spec.name}: {reason}", {"model": spec.name, "kind": "failed", "error": reason})
            return False
        with table:
            if what == "adapt":
                update_streams(folder, map(StreamAnswer.from_json, end["answers"]))
            else:
                update_results(folder, spec, map(Accuracy.from_json, end["answers"]))
        reach(spec, 1)
        return True

    doing = {"train": "training", "ask": "asking", "adapt": "adapting"}[what]
    with (
        bar(f"{doing} {count_words(len(specs), 'model')}", len(specs)) as shown,
        ThreadPoolExecutor(jobs) as pool,
    ):
        try:
            made = list(pool.map(make, specs))
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    if failed := [spec.name for spec, is_made in zip(specs, made, strict=True) if not is_made]:
        raise RuntimeError(
            f"{len(failed)} of {count_words(len(specs), 'model')} failed: {', '.join(failed)}; "
            f"the same command goes on where it was left"
        )
    say(f"{count_words(len(specs), 'model')} done", {"kind": "end", "models": len(specs)})


def _in_words(record: dict[str, Any]) -> str:
    match record["kind"]:
        case "found" | "resumed" | "begun" as kind:
            words = {"found": "is trained already", "resumed": "goes on", "begun": "begins"}
            return f"{words[kind]} (run {record['run']})"
        case "tested":
            return (
                f"epoch {record['epoch']}: {100 * record['accuracy']:.2f} % of {record['n']} "
                f"(statistics: {statistics_told(record['statistics'], record['n'])})"
            )
        case "trained":
            return f"trained in {duration_words(record['seconds'])}"
        case "asked":
            return f"tested in {record['cells']} ways"
        case "streamed":
            where = record["corruption"] or "clean"
            return (
                f"stream {record['stream']} of {record['of']}: {where}, {record['order']}, "
                f"batches of {record['batch']}"
            )
        case "shipped":
            return f"shipped in {record['bytes'] / 1e6:.2f} MB"
    return json.dumps(record)
