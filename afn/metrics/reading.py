"""Metrics over seeds from a CSV file, or a folder of TensorBoard's events."""

import csv
import io
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from afn.files import read_named_text
from afn.metrics.over_methods import Metrics
from afn.stats.over_seeds import OverSeeds

RULE = """
A CSV file has a line of column names, one of them seed. In the wide form every other column is a
method, and a line has the values of one seed (seed,bn,afn). In the long form a line is one value:
seed, method, value, and metric where there are several of them (seed,method,value). An empty cell
is no value. Commas, semicolons (then also 71,5 for 71.5) or tabs. In a folder of TensorBoard's
events each folder that holds event files is a training: its seed is the number behind “seed” in its
path, its method is what else the path says (bn/seed0, afn_seed3), its value is the last one of the
metric.
"""
_MOST_BYTES = 10_000_000
_SEED = re.compile(r"seed[ _=-]*(\d+)", re.IGNORECASE)


def import_metrics(source: str | Path, *, metric: str | None = None) -> Metrics:
    """A metric of several methods over seeds, of trainings that may have been anybody's.

    Args:
        source: A CSV file, wide (``seed,bn,afn``) or long (``seed,method,value``, and ``metric``
            where there are several); or a folder of TensorBoard's event files, such as
            ``runs/bn/seed0``.
        metric: Its name, where there are several.

    Raises:
        ValueError: One line says what is wrong, and where.
        ImportError: The folder takes TensorBoard, which is not installed.

    Example:
        >>> from pathlib import Path
        >>> from afn import import_metrics
        >>> _ = Path("mine.csv").write_text("seed,bn,afn\\n0,70.1,71.3\\n1,69.8,71.1\\n2,70.3,71.2\\n")
        >>> [found] = import_metrics("mine.csv").against("bn")
        >>> found.verdict, round(found.difference.mean, 2), found.seeds_needed
        ('real', 1.13, 3)
    """  # noqa: E501
    path = Path(source).expanduser()
    if path.is_dir():
        from afn.metrics.tensorboard import scalars

        return _of_folder(scalars(path), metric)
    if path.is_file() and path.stat().st_size > _MOST_BYTES:
        raise ValueError(f"{path} has more than {_MOST_BYTES // 1_000_000} MB: too large a table")
    return from_csv(read_named_text(path, "metrics as CSV, or a folder"), metric=metric)


def from_csv(text: str, *, metric: str | None = None) -> Metrics:
    """The same from a table's text.

    Raises:
        ValueError: As `import_metrics`.
    """
    lines = text.removeprefix("\ufeff").strip("\n").splitlines()
    if not lines:
        raise ValueError("the table is empty: expected a line of column names, one of them seed")
    mark = max(";\t,", key=lines[0].count)
    titles, *rows = csv.reader(io.StringIO("\n".join(lines)), delimiter=mark)
    titles = [title.strip() for title in titles]
    names = [title.lower() for title in titles]
    if names.count("seed") != 1:
        raise ValueError(f"expected one column named seed, got {', '.join(titles)}")
    if doubled := sorted({name for name in titles if titles.count(name) > 1}):
        raise ValueError(f"two columns are named {doubled[0]}")
    table = dict[tuple[str, str], dict[int, float]]()
    for number, row in enumerate(rows, 2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(titles):
            raise ValueError(f"line {number} has {len(row)} cells, the first has {len(titles)}")
        cells = dict(zip(names, (cell.strip() for cell in row), strict=True))
        seed = _seed(cells["seed"], number)
        for (name, of), cell in _values(cells, titles, number):
            if not cell:
                continue
            by_seed = table.setdefault((name, of), {})
            if seed in by_seed:
                raise ValueError(f"line {number}: seed {seed} of {name} is there twice")
            by_seed[seed] = _number(cell, number, name, is_comma=mark == ";")
    return _chosen(table, metric)


def _values(
    cells: Mapping[str, str], titles: list[str], number: int
) -> Iterator[tuple[tuple[str, str], str]]:
    """Method and metric of each value of a line, and its text."""
    if "method" not in cells:
        for title in titles:
            if title.lower() != "seed":
                yield (title, ""), cells[title.lower()]
        return
    others = cells.keys() - {"seed", "method", "metric"}
    if len(others) != 1:
        told = ", ".join(sorted(others)) or "none"
        raise ValueError(f"beside seed, method and metric one column has the value, got {told}")
    if not cells["method"]:
        raise ValueError(f"line {number} names no method")
    [value] = others
    yield (cells["method"], cells.get("metric", "")), cells[value]


def _of_folder(scalars: Mapping[str, Mapping[str, float]], metric: str | None) -> Metrics:
    table = dict[tuple[str, str], dict[int, float]]()
    for where, values in scalars.items():
        found = list(_SEED.finditer(where))
        if not found:
            raise ValueError(f"{where}: no seed in its path, such as bn/seed0")
        begin, end = found[-1].span()
        method = re.sub(r"[/\\_ .-]*\n[/\\_ .-]*", "/", f"{where[:begin]}\n{where[end:]}").strip(
            "/"
        )
        for name, value in values.items():
            by_seed = table.setdefault((method or "training", name), {})
            seed = int(found[-1][1])
            if seed in by_seed:
                raise ValueError(f"{where}: seed {seed} of {method} is there twice")
            by_seed[seed] = value
    return _chosen(table, metric)


def _chosen(table: Mapping[tuple[str, str], Mapping[int, float]], metric: str | None) -> Metrics:
    known = list(dict.fromkeys(name for _, name in table))
    if metric is None and len(known) > 1:
        raise ValueError(f"several metrics: name one of {', '.join(sorted(known)[:20])}")
    if metric is not None and metric not in known:
        named = ", ".join(sorted(filter(None, known))[:20]) or "it has no names"
        raise ValueError(f"no metric {metric!r}; known: {named}")
    wanted = known[0] if metric is None and known else metric
    for (method, name), by_seed in table.items():
        for seed, value in by_seed.items():
            if name == wanted and not math.isfinite(value):
                raise ValueError(f"{method}, seed {seed}: {wanted} ends at {value}, no number")
    methods = {
        method: OverSeeds(tuple(sorted(by_seed.items())))
        for (method, name), by_seed in table.items()
        if name == wanted
    }
    return Metrics(metric=wanted or "", methods=methods)


def _seed(cell: str, number: int) -> int:
    if not re.fullmatch(r"-?\d{1,18}", cell):
        raise ValueError(f"line {number}: seed must be a whole number, got {cell!r}")
    return int(cell)


def _number(cell: str, line: int, method: str, *, is_comma: bool) -> float:
    try:
        value = float(cell.replace(",", ".") if is_comma else cell)
    except ValueError:
        raise ValueError(f"line {line}: {method} must be a number, got {cell!r}") from None
    if not math.isfinite(value):
        raise ValueError(f"line {line}: {method} is {cell}, no number: leave the cell empty")
    return value
