import colorsys

import pytest
import torch
from torch.testing import assert_close

from afn.corruptions import corrupt
from afn.corruptions.draws import Draws
from afn.corruptions.fractal import plasma


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_brightness_adds_to_the_value_of_hsv() -> None:
    images = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    images[..., 0, 0] = 0.0  # black has neither hue nor saturation
    images[..., 0, 1] = 1.0

    actual = corrupt(images, "brightness", 3)

    for row in range(8):
        for column in range(8):
            hue, saturation, value = colorsys.rgb_to_hsv(*images[0, :, row, column].tolist())
            expected = colorsys.hsv_to_rgb(hue, saturation, min(value + 0.15, 1.0))
            assert_close(actual[0, :, row, column], torch.tensor(expected))


def test_brightness_adds_to_grey_images() -> None:
    images = torch.linspace(0, 1, 64).reshape(1, 1, 8, 8)

    assert_close(corrupt(images, "brightness", 5), (images + 0.3).clamp(max=1.0))


@pytest.mark.parametrize(("height", "width"), [(8, 8), (28, 28), (33, 9), (128, 128)])
def test_plasma_lies_between_0_and_1_and_is_rougher_the_less_it_decays(
    height: int, width: int
) -> None:
    roughness = []
    for decay in (3.0, 2.0, 1.2):
        heights = plasma((height, width), decay, Draws(20, seeded()), torch.zeros(1))
        assert heights.shape == (20, height, width)
        assert 0.0 <= heights.min() < 0.1
        assert 0.9 < heights.max() <= 1.0
        roughness.append(heights.diff(dim=1).abs().mean() / heights.std())
    assert roughness == sorted(roughness)


def test_fog_lies_over_the_whole_image_and_keeps_its_brightest_value() -> None:
    images = torch.full((4, 3, 32, 32), 0.5)

    foggy = corrupt(images, "fog", 3, seeded())

    assert_close(foggy.amax(dim=(1, 2, 3)), torch.full((4,), 0.5))
    assert_close(foggy.amin(dim=(1, 2, 3)), torch.full((4,), 0.5 * 0.5 / 1.25))
    assert torch.equal(foggy[:, 0], foggy[:, 2])


def test_snow_falls_as_streaks_twice_the_second_time_upside_down() -> None:
    snowy = corrupt(torch.zeros(40, 3, 32, 32), "snow", 5, seeded())

    assert_close(snowy, snowy.flip(2, 3))
    assert torch.equal(snowy[:, 0], snowy[:, 2])
    assert_close(snowy.min(), torch.tensor(0.1))  # black whitened by 0.2 * 0.5
    assert snowy.diff(dim=2).abs().mean() < 0.7 * snowy.diff(dim=3).abs().mean()


def test_frost_is_a_bluish_texture_of_its_own_level_on_every_image() -> None:
    ice = corrupt(torch.zeros(20, 3, 32, 32), "frost", 1, seeded()) / 0.2

    red, green, blue = ice.mean(dim=(0, 2, 3))
    assert red < green < blue
    assert 0.58 < ice.mean() < 0.68
    assert 0.05 < ice.mean(dim=(1, 2, 3)).std() < 0.2
    assert 0.05 < ice.std(dim=(1, 2, 3)).mean() < 0.2


@pytest.mark.parametrize("channels", [1, 3])
def test_water_only_adds_light_and_mud_only_covers(channels: int) -> None:
    images = torch.full((8, channels, 32, 32), 0.5)

    wet = corrupt(images, "spatter", 3, seeded())
    muddy = corrupt(images, "spatter", 5, seeded())

    assert (wet >= images).all()
    assert 0.2 < (wet > images).float().mean() < 0.4
    assert (muddy <= images).all()
    covered = muddy < images
    assert 0.02 < covered.float().mean() < 0.2
    assert muddy[covered].max() < 0.2 * 0.5 + 0.8 * 64 / 255  # at least four fifths are mud
    if channels == 3:
        assert (wet[:, 2] >= wet[:, 0]).all()  # turquoise
        assert (muddy[:, 2] <= muddy[:, 0]).all()  # brown


def test_spatter_without_a_drop_leaves_the_image() -> None:
    images = torch.full((60, 1, 8, 8), 0.5)

    wet = corrupt(images, "spatter", 1, seeded())

    is_dry = (wet == images).flatten(1).all(dim=1)
    assert is_dry.any()
    assert not is_dry.all()
