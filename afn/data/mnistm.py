"""The MNIST-M recipe on the sample photos that scikit-learn carries.

Source: Ganin et al. 2016, "Domain-Adversarial Training of Neural Networks", section 5.2.4:
|photo crop − digit| per colour channel.
"""

from collections.abc import Sequence

import numpy as np

from afn.data.entries import ImageData

_SEED = 20150101


def mnistm5k(digits: ImageData) -> ImageData:
    """The digits over random crops of two photos, in the same order and split.

    Deviation: two photos instead of BSDS500's hundreds; training crops come from their left
    halves and test crops from their right halves, so that they share no background.
    """
    from sklearn.datasets import load_sample_images

    photos = load_sample_images().images
    middle = photos[0].shape[1] // 2
    rng = np.random.default_rng(_SEED)
    return ImageData(
        name="mnistm5k",
        x_train=_blend(digits.x_train, [photo[:, :middle] for photo in photos], rng),
        y_train=digits.y_train,
        x_test=_blend(digits.x_test, [photo[:, middle:] for photo in photos], rng),
        y_test=digits.y_test,
        class_names=digits.class_names,
    )


def _blend(
    digits: np.ndarray, photos: Sequence[np.ndarray], rng: np.random.Generator
) -> np.ndarray:
    """|crop − digit| as (N, H, W, 3) for digits (N, H, W, 1)."""
    side = digits.shape[1]
    crops = np.empty((len(digits), side, side, 3), dtype=np.int16)
    for crop in crops:
        photo = photos[int(rng.integers(len(photos)))]
        top, left = rng.integers(0, np.array(photo.shape[:2]) - side + 1)
        crop[:] = photo[top : top + side, left : left + side]
    return np.abs(crops - digits).astype(np.uint8)
