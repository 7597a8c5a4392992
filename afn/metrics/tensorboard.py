"""Scalars in TensorBoard's event files."""

from importlib import import_module
from pathlib import Path
from typing import Any

_MOST_FOLDERS = 1000


def scalars(folder: Path) -> dict[str, dict[str, float]]:
    """The last value of every scalar, by the path below a folder and the scalar's name.

    Raises:
        ValueError: There are no event files, or too many.
        ImportError: TensorBoard is not installed.
    """
    return {
        path: {name: points[-1][1] for name, points in curves.items()}
        for path, curves in all_scalars(folder, most=1).items()
    }


def all_scalars(folder: Path, *, most: int = 0) -> dict[str, dict[str, list[tuple[int, float]]]]:
    """Steps and values of every scalar, by the path below a folder and the scalar's name.

    Args:
        folder: Of event files, or of folders of such.
        most: Of each scalar at most so many points, the last one among them; 0 for all.

    Raises:
        ValueError: There are no event files, or too many.
        ImportError: TensorBoard is not installed.
    """
    try:
        events: Any = import_module("tensorboard.backend.event_processing.event_accumulator")
        util: Any = import_module("tensorboard.util.tensor_util")
    except ImportError:
        raise ImportError(
            "event files are read by TensorBoard: pip install 'afn[tensorboard]'"
        ) from None
    folders = sorted({path.parent for path in folder.rglob("*tfevents*") if path.is_file()})
    if not folders:
        raise ValueError(f"{folder} holds no event files (named events.out.tfevents…)")
    if len(folders) > _MOST_FOLDERS:
        raise ValueError(f"{folder} holds more than {_MOST_FOLDERS:,} trainings: name one below it")
    found = {}
    for each in folders:
        room = {events.SCALARS: most, events.TENSORS: most}
        of = events.EventAccumulator(str(each), size_guidance=room)
        of.Reload()
        tags = of.Tags()
        curves = {tag: [(e.step, e.value) for e in of.Scalars(tag)] for tag in tags["scalars"]}
        for tag in tags["tensors"]:  # scalars of newer writers
            points = [(e.step, util.make_ndarray(e.tensor_proto)) for e in of.Tensors(tag)]
            if all(value.size == 1 and value.dtype.kind in "fiu" for _, value in points):
                curves[tag] = [(step, float(value.reshape(()))) for step, value in points]
        found[each.relative_to(folder).as_posix()] = {tag: p for tag, p in curves.items() if p}
    return found
