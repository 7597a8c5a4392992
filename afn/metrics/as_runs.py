"""TensorBoard's event files as runs of the store, so that the app draws their curves."""

from pathlib import Path

from afn.metrics.tensorboard import all_scalars
from afn.runs.index import note
from afn.runs.recording import Recording
from afn.runs.store import Run, RunStore
from afn.runs.writer import RunWriter
from afn.settings.events import Event

_LOSS = ("train/loss", "train_loss", "loss/train", "loss")
"""Scalars that are the loss of a step, the first of them that there is, in small letters."""


def import_runs(folder: Path | str, store: RunStore | None = None) -> list[Run]:
    """A run of the store for each training among TensorBoard's event files.

    Its loss is ``train/loss``, ``train_loss``, ``loss/train`` or ``loss``; all other scalars are
    kept by their names.

    Args:
        folder: Of event files, or of folders of such: each is a training.
        store: Where to keep the runs; that of ``AFN_RUNS_DIR`` by default.

    Returns:
        The runs, in the order of their folders' names.

    Raises:
        ValueError: There are no event files, or no scalars in them.
        ImportError: TensorBoard is not installed.
        OSError: A run cannot be written; the message names the folder.

    Example:
        >>> from pathlib import Path
        >>> from afn import import_runs
        >>> import_runs(Path("logs"))  # doctest: +SKIP
        [...]
    """
    folder = Path(folder)
    found = {path: curves for path, curves in all_scalars(folder).items() if curves}
    if not found:
        raise ValueError(f"the event files in {folder} hold no scalars")
    store = store or RunStore()
    return [
        _kept(store, folder.name if path == "." else path, curves) for path, curves in found.items()
    ]


def _kept(store: RunStore, name: str, curves: dict[str, list[tuple[int, float]]]) -> Run:
    recording = Recording(model=name, num_parameters=0, norms={}, source="TensorBoard")
    run = store.create_recorded(recording, name=name)
    run.claim()
    tag = next((tag for like in _LOSS for tag in curves if tag.lower() == like), "")
    told: dict[int, dict[str, float]] = {}
    for other, points in curves.items():
        for step, value in points if other != tag else ():
            told.setdefault(step, {})[other] = value
    losses = dict(curves.get(tag, ()))
    writer = RunWriter(run)
    writer.write(
        Event("start", 0, 0.0, {
            "layers": [], "num_features": [], "adaptive_layers": [], "num_parameters": 0,
            "lambdas": [], "statistics": "",
        })
    )  # fmt: skip
    for step in sorted({*losses, *told}):
        if step in losses:
            writer.write(Event("step", step, 0.0, {**_STEP, "loss": losses[step]}))
        if step in told:
            writer.write(Event("log", step, 0.0, {"values": told[step]}))
    writer.close()
    run.end("finished", "", {"step": max(*losses, *told, 0, 0), "accuracy": None, "tests": []})
    note(run)
    return run


_STEP = {
    "epoch": None, "accuracy": None, "lr": None, "lambda_lr_factor": None, "batch_size": None,
    "grad_norm": None, "lambdas": None, "lambda_grads": None, "images_left": None, "duration": 0.0,
}  # fmt: skip
