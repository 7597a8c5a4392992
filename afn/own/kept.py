"""Models of one's own as the app knows them: kept below ``AFN_RUNS_DIR``, hidden. Needs no torch.

A folder each, by its digest: ``model.json`` says what was found, ``weights.safetensors`` holds all
tensors, ``grids`` the answers. The file that builds the model stays where it is; whoever restores
the model executes it again and puts the kept tensors in.
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path

from afn.ask.network import Network, Rebuilt
from afn.data import DatasetEntry, catalogue
from afn.own.source import ModelSource
from afn.plain import converted
from afn.settings.config import TrainConfig
from afn.settings.norms import NORM_TITLES
from afn.work.folder import read_json, write_json

SECONDS = 300.0
"""So long taking a model may take, a copy with other norms or averages included."""
FOLDER = ".own"


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundLayer:
    """A normalization layer, as it was found."""

    path: str
    kind: str
    """Its class."""
    norm: str
    """Which of `NORM_NAMES` it is; empty for none of them."""
    channels: int
    becomes: str = ""
    """The class of an AFN in its place; empty where there can be none."""
    reason: str = ""
    """Why there can be none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptModel:
    """A model that was taken, as it is or with other norms or averages."""

    id: str
    """In links and lists: the source's name, its changes behind it."""
    digest: str
    base: str
    """The digest of the model as it is; its own where it is that."""
    source: str
    file_digest: str
    what: str
    """The function or the architecture."""
    norm: str
    """Of its layers, as `NORM_NAMES` has it; "none" where it has none."""
    became: str = ""
    """The norm that it was converted to; empty as it is."""
    averages: str = ""
    """Whose images its running averages are of, if they were measured anew."""
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    dataset: str
    """Whose classes these are, where anybody said so."""
    has_choice: bool
    """Whether its norms can use running and test-batch statistics."""
    tracks: bool
    """Whether it has running averages."""
    of_batch: bool
    """Whether its norms take each test batch's statistics, for they track none."""
    pick: str | int | None
    """Where in its output the logits are."""
    parameters: int
    layers: tuple[FoundLayer, ...]
    summary: tuple[str, ...] = ()
    """What its conversion did, in a line each; of the model as it is, what one to AFN would."""
    notes: tuple[str, ...] = field(default=())

    @property
    def label(self) -> str:
        """A short name."""
        parts = [f"{self.what} as {NORM_TITLES[self.became]}" if self.became else self.what]
        return ", ".join([*parts, *([f"averages of {self.averages}"] if self.averages else [])])

    @property
    def has_names(self) -> bool:
        """Whether somebody said what its classes are called."""
        return self.class_names != unnamed(len(self.class_names))

    def network(self, root: Path) -> Network:
        """It as evaluations see it.

        Args:
            root: The run store's.
        """
        folder = (root / FOLDER / self.digest[:16]).absolute()
        return Network(
            id=self.id,
            config=TrainConfig(
                norm=self.norm,
                dataset=self.dataset or dataset_of(self),
                eval_stats="batch" if self.of_batch else None,
            ),
            image_shape=self.image_shape,
            class_names=self.class_names,
            weights=folder / "weights.safetensors",
            sha256=self.digest,
            folder=folder / "grids",
            rebuilt=Rebuilt(
                label=self.label, source=self.source, file_digest=self.file_digest,
                became=self.became, pick=self.pick, has_choice=self.has_choice,
            ),
        )  # fmt: skip


def unnamed(num_classes: int) -> tuple[str, ...]:
    """What classes are called while nobody says their names."""
    return tuple(f"class {number}" for number in range(num_classes))


def dataset_of(kept: KeptModel) -> str:
    """The data set here whose classes are the model's, of images most like those it takes.

    Empty where there is none.
    """
    height, width, channels = kept.image_shape
    alike = [
        entry
        for entry in catalogue().values()
        if not entry.how_to_get and set(entry.class_names) == set(kept.class_names)
    ]

    def apart(entry: DatasetEntry) -> tuple[bool, int]:
        own_height, own_width, own_channels = entry.image_shape
        return own_channels != channels, abs(own_height - height) + abs(own_width - width)

    return min(alike, key=apart).name if alike else ""


class OwnStore:
    """The models that were taken.

    Args:
        root: The run store's.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, kept: KeptModel) -> None:
        """Keep what was found."""
        write_json(self.folder(kept.digest) / "model.json", asdict(kept))

    def folder(self, digest: str) -> Path:
        """Of a model."""
        return self.root / FOLDER / digest[:16]

    def read(self, digest: str) -> KeptModel | None:
        """What was found; None where nothing was kept, or what was is damaged."""
        return _read(self.folder(digest) / "model.json")

    def note(self, source: ModelSource, kept: KeptModel) -> None:
        """Remember what the source was when it was taken."""
        write_json(self._noted(source), {"digest": kept.digest})

    def taken(self, source: ModelSource) -> KeptModel | None:
        """The model as it is, where its file has not changed since it was taken."""
        record = read_json(self._noted(source)) or {}
        kept = self.read(f"{record.get('digest', '')}") if record else None
        try:
            is_same = kept is not None and kept.file_digest == source.file_digest()
        except ValueError:
            return None
        return kept if is_same else None

    def found(self, source: ModelSource) -> KeptModel | None:
        """The same, with the norm and averages that the source names, where that was made."""
        became, averages = (source.options.get(name, "") for name in ("norm", "averages"))
        plain = self.taken(source.said(norm="", averages=""))
        if plain is None or not (became or averages):
            return plain
        wanted = became, averages
        every = self.changed(plain.base)
        return next((it for it in every if (it.became, it.averages) == wanted), None)

    def changed(self, base: str) -> list[KeptModel]:
        """What was made of a model, by its digest, oldest first."""
        files = sorted((self.root / FOLDER).glob("*/model.json"), key=_modified)
        found = [kept for kept in map(_read, files) if kept]
        return [kept for kept in found if kept.base == base != kept.digest]

    def take(self, source: ModelSource) -> KeptModel:
        """Have a process of its own build, try and keep a model.

        Raises:
            ValueError: One line says what is wrong with it.
        """
        command = [sys.executable, "-m", "afn.own.keeping", str(self.root), source.to_text()]
        package = str(Path(__file__).parents[2])
        path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH", "")]))
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=SECONDS, check=False,
                env={**os.environ, "PYTHONPATH": path},
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise ValueError(
                f"{source.name}: takes more than {SECONDS:g} s to be built and tried"
            ) from None
        lines = done.stdout.splitlines()
        said = lines[-1] if lines else ""
        if done.returncode == 0 and (kept := self.read(said)):
            return kept
        ended = f"{source.name}: the process that built it ended ({done.returncode}); its memory "
        raise ValueError(said if done.returncode == 1 and said else f"{ended}may be too small")

    def _noted(self, source: ModelSource) -> Path:
        text = sha256(source.said(norm="", averages="").to_text().encode()).hexdigest()
        return self.root / FOLDER / f"{text[:16]}.json"


def named(environment: str | None = None) -> list[ModelSource]:
    """The models that ``AFN_MODELS`` names, apart by spaces as in a shell.

    Raises:
        ValueError: It names none, or two alike.
    """
    text = os.environ.get("AFN_MODELS", "") if environment is None else environment
    found = [ModelSource.read(each) for each in shlex.split(text)]
    names = [source.name for source in found]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"two models are called {twice}: name one with ,name=...")
    return found


def in_environment(sources: Sequence[ModelSource]) -> str:
    """The inverse of `named`."""
    return shlex.join([source.to_text() for source in sources])


def _read(path: Path) -> KeptModel | None:
    try:
        return converted(read_json(path) or {}, KeptModel, "a kept model")
    except (ValueError, OSError):
        return None


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
