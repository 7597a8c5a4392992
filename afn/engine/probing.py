"""What a network answers about a few test images while it trains, and its feature maps of one.

Nothing here changes the training: probes run in evaluation mode, which writes no running averages,
and draw no random numbers of the run's.
"""

import base64
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from afn.ask.evaluate import corrupted
from afn.engine.tensors import TensorData, pixels_of
from afn.png import png
from afn.settings.config import TrainConfig
from afn.wording import statistics_told

SHEETS = 24
"""Sheets of feature maps are spread evenly over so many points of a run."""
PROBES = 8 * SHEETS
"""At most so many over a run, and at most every other step: each costs about a fifth of one."""
FEWEST = 2 * SHEETS
"""Also where steps are so few that it is every step: then it takes no time to speak of."""
HALF = 16
"""Images of a probe that are clean, and images that are damaged: each half is one batch."""
COLUMNS = 8
MAPS = 4
"""Channels of each layer on a sheet: its first ones."""
SCALE = (-3.0, 3.0)
"""Black and white on a sheet: the same at every step, for every layer and contender."""
_LARGEST, _DEEP, _LARGEST_OF_MANY = 32, 8, 16


class Probe:
    """The images of a run's probes, and what its network says of them.

    Args:
        config: The run's.
        data: Its data; contenders with the same data are asked about the same images.
        model: What is asked; in training mode before and after.
        layers: The norm layers, whose outputs are on the sheets.
        folder: Where sheets are written; without one there are none.
    """

    def __init__(
        self,
        config: TrainConfig,
        data: TensorData,
        model: nn.Module,
        layers: Mapping[str, Any],
        folder: Path | None,
    ) -> None:
        self._config, self._data, self._model = config, data, model
        self._layers, self._folder = layers, folder
        self._indices = spread_over_classes(data.test_labels, HALF)
        self._halves: list[Tensor] = []
        self._batch = 0
        self._columns = min([MAPS, *(layer.num_features for layer in layers.values())])

    def show(self, corruption: str | None, severity: int) -> dict[str, Any]:
        """Choose what the second half suffers; what ``probes`` says."""
        clean = self._data.test_images[self._indices]
        damaged = corrupted(clean, corruption, severity)
        self._halves = [clean, damaged]
        labels = self._data.test_labels[self._indices].tolist()
        images = [
            {
                "label": label, "index": index, "corruption": name,
                "severity": severity if name else None,
            }
            for name in (None, corruption)
            for label, index in zip(labels, self._indices.tolist(), strict=True)
        ]  # fmt: skip
        tiles = fitting(torch.cat(self._halves), _LARGEST)
        size = len(self._indices)
        self._batch = min(size, self._config.eval_batch_size)
        return {
            "images": images,
            "classes": list(self._data.class_names),
            "sheet": self._written("probes", pixels_of(sprite(tiles, COLUMNS))),
            "columns": COLUMNS,
            "tile": [tiles.shape[3], tiles.shape[2]],
            "batch": self._batch,
            "statistics": statistics_told(self._config.statistics, size),
        }

    def ask(self, step: int, *, takes_maps: bool) -> Iterator[tuple[str, dict[str, Any]]]:
        """What ``probe`` says, and ``sheet`` where maps are taken and there is a folder."""
        maps: dict[str, Tensor] = {}
        clean, damaged = (half.split(self._batch) for half in self._halves)
        self._model.eval()
        with torch.inference_mode():
            logits = [self._model(batch) for batch in clean]
            with self._recorded(maps if takes_maps and self._folder else None):
                logits.append(self._model(damaged[0]))
            logits += [self._model(batch) for batch in damaged[1:]]
            shares = torch.cat(logits).softmax(1).nan_to_num(0)
            answers = shares.mul(255).round().to(torch.uint8)
        self._model.train()
        yield "probe", {"answers": base64.b64encode(answers.numpy().tobytes()).decode()}
        if maps:
            tiles = self._tiles(list(maps.values()))
            yield (
                "sheet",
                {
                    "file": self._written(f"maps-{step:06d}", _gray(sprite(tiles, self._columns))),
                    "layers": list(maps),
                    "columns": self._columns,
                    "tile": [tiles.shape[3], tiles.shape[2]],
                    "scale": list(SCALE),
                    "image": len(self._indices),
                },
            )

    @contextmanager
    def _recorded(self, maps: dict[str, Tensor] | None) -> Iterator[None]:
        """The first image's maps behind each layer, meanwhile."""
        hooks = []
        for name, layer in self._layers.items() if maps is not None else ():

            def record(_layer: Any, _inputs: Any, output: Tensor, name: str = name) -> None:
                assert maps is not None
                maps[name] = output[0, : self._columns].clone()

            hooks.append(layer.register_forward_hook(record))
        yield
        for hook in hooks:
            hook.remove()

    def _tiles(self, maps: list[Tensor]) -> Tensor:
        """Of one size: that of the largest, if that is not too large."""
        largest = _LARGEST if len(maps) <= _DEEP else _LARGEST_OF_MANY
        height = min(largest, max(each.shape[1] for each in maps))
        width = min(largest, max(each.shape[2] for each in maps))
        sized = [nn.functional.adaptive_avg_pool2d(each, (height, width)) for each in maps]
        return torch.cat(sized)[:, None]

    def _written(self, name: str, pixels: np.ndarray) -> str | None:
        """The file's name: what is another picture has another, so it may be kept for good."""
        if self._folder is None:
            return None
        self._folder.mkdir(exist_ok=True)
        file = f"{name}-{zlib.crc32(pixels.tobytes()):08x}.png"
        (self._folder / file).write_bytes(png(pixels))
        return file


def points(config: TrainConfig, num_images: int) -> int:
    """Over how many points of a run its probes are spread; those of its sheets are among them."""
    num_steps = config.epochs * (num_images // config.batch_size)
    return min(PROBES, max(FEWEST, num_steps // 2 // SHEETS * SHEETS))


def spread_over_classes(labels: Tensor, count: int) -> Tensor:
    """Indices of the first image of each class, then of the second of each, at most so many.

    Shape: labels (N,) to at most (count,).
    """
    turns: dict[int, int] = {}
    order = []
    for index, label in enumerate(labels.tolist()):
        turns[label] = turns.get(label, -1) + 1
        order.append((turns[label], label, index))
    return torch.tensor([index for _, _, index in sorted(order)[:count]])


def fitting(images: Tensor, largest: int) -> Tensor:
    """Images (N, C, H, W) with no side longer than `largest`, in the same proportion."""
    height, width = images.shape[2:]
    if max(height, width) <= largest:
        return images
    factor = largest / max(height, width)
    size = max(1, round(height * factor)), max(1, round(width * factor))
    return nn.functional.adaptive_avg_pool2d(images, size)


def sprite(tiles: Tensor, columns: int) -> Tensor:
    """Tiles (N, C, H, W) side by side, row by row, as one picture (C, rows·H, columns·W)."""
    count, channels, height, width = tiles.shape
    num_rows = -(-count // columns)
    whole = tiles.new_zeros(num_rows * columns, channels, height, width)
    whole[:count] = tiles
    grid = whole.view(num_rows, columns, channels, height, width).permute(2, 0, 3, 1, 4)
    return grid.reshape(channels, num_rows * height, columns * width)


def _gray(picture: Tensor) -> np.ndarray:
    low, high = SCALE
    return pixels_of(((picture.nan_to_num(0) - low) / (high - low)).clamp(0, 1))
