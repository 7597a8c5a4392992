"""Makes the batch that the page shows: ``python -m app.page.norms.making``, within seconds."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from afn import load_pretrained
from afn.data import load_dataset
from afn.norms import norm_layers

from ...kit.folders import STATIC

FILE = STATIC / "block" / "batch.json"
MODEL, IMAGES, CHANNELS = "mnist5k-bn", 6, 8


def made() -> dict[str, Any]:
    """The first test images before the first norm layer of a pretrained network."""
    images = torch.from_numpy(load_dataset("mnist5k").x_test[:IMAGES]).permute(0, 3, 1, 2) / 255
    model = load_pretrained(MODEL)
    seen: list[Tensor] = []
    layer = next(iter(norm_layers(model).values()))
    hook = layer.register_forward_pre_hook(lambda _, given: seen.append(given[0].detach()))
    with torch.no_grad():
        model(images)
    hook.remove()
    x = seen[0][:, :CHANNELS].numpy()  # (N, C, H, W)
    middle, spread = x.mean((0, 2, 3)), x.std((0, 2, 3))
    grey = 127.5 + 127.5 * (x - middle[:, None, None]) / (3 * spread[:, None, None])
    rows = [np.concatenate(list(each), axis=1) for each in grey.clip(0, 255).round()]
    file = io.BytesIO()
    Image.fromarray(np.concatenate(rows).astype(np.uint8)).save(file, "webp", quality=80, method=6)
    return {
        "model": MODEL, "images": IMAGES, "channels": CHANNELS, "size": x.shape[2],
        "mean": x.mean((2, 3)).round(5).tolist(), "variance": x.var((2, 3)).round(6).tolist(),
        "middle": middle.round(5).tolist(), "spread": spread.round(5).tolist(),
        "sheet": "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode(),
    }  # fmt: skip


def main(file: Path = FILE) -> None:
    """Write it where the page finds it."""
    file.write_text(json.dumps(made(), separators=(",", ":")))


if __name__ == "__main__":
    main()
