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
        of = events.EventAccumulator(str(each), size_guidance={events.SCALARS: 1})
        of.Reload()
        tags = of.Tags()
        values = {tag: of.Scalars(tag)[-1].value for tag in tags["scalars"]}
        for tag in tags["tensors"]:  # scalars of newer writers
            last = util.make_ndarray(of.Tensors(tag)[-1].tensor_proto)
            if last.size == 1 and last.dtype.kind in "fiu":
                values[tag] = float(last.reshape(()))
        found[each.relative_to(folder).as_posix()] = values
    return found
