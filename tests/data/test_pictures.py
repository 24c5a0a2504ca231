"""Every mode and depth that Pillow opens; what can't be read is named; what is probably not meant is warned about."""
import zipfile

import numpy as np
import pytest
from PIL import Image, features

from gan_scratch.data import load
from gan_scratch.data.images import suspicious
from gan_scratch.data.pictures import endings, read

RAMP = np.linspace(0, 255, 64).astype(np.uint8).reshape(8, 8)


@pytest.mark.parametrize("mode, name", [
    ("1", "a.png"), ("L", "a.png"), ("L", "a.jfif"), ("L", "a.pgm"), ("RGB", "a.ppm"), ("P", "a.gif"), ("RGB", "a.webp"), ("RGB", "a.bmp"),
    ("LA", "a.png"), ("RGBA", "a.png"), ("CMYK", "a.jpg"), ("CMYK", "a.tif"), ("YCbCr", "a.jpg"), ("LAB", "a.tif"), ("RGB", "a.jp2"),
    ("RGBA", "a.tga"), ("RGB", "a.ico"), ("RGB", "a.qoi")])
def test_modes(mode, name, tmp_path):
    """A ramp stays a ramp, dark at its beginning and light at its end."""
    if Image.registered_extensions().get(f".{name[2:]}") not in Image.SAVE:
        pytest.skip(f"this Pillow can't write {name[2:]}")
    picture = Image.fromarray(RAMP)
    if mode == "LAB":
        picture = Image.merge("LAB", (picture, Image.new("L", (8, 8), 128), Image.new("L", (8, 8), 128)))
    picture.convert(mode).save(tmp_path / name, **({"format": "JPEG"} if name.endswith("jfif") else {}))
    x = load(tmp_path).images[0].mean(-1)
    assert x.shape == (8, 8) and x[0].mean() < -0.4 and x[-1].mean() > 0.4


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow has no AVIF")
def test_avif(tmp_path):
    Image.fromarray(RAMP).convert("RGB").save(tmp_path / "a.avif")
    assert load(tmp_path).images.shape == (1, 8, 8, 3) and ".avif" in endings()


def test_exif_turns_and_transparency_in_a_palette(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    Image.fromarray(RAMP).save(tmp_path / "a.jpg", exif=exif, quality=95)
    assert load(tmp_path).images[0, 0].mean() > 0.5 > load(tmp_path).images[0, -1].mean()
    (tmp_path / "a.jpg").unlink()
    palette = Image.fromarray(RAMP).convert("P")
    palette.save(tmp_path / "b.png", transparency=0)
    assert load(tmp_path).images[0, 0, 0].mean() == 1


@pytest.mark.parametrize("values, taken", [
    (np.linspace(0, 1, 64), "0 … 1"), (np.linspace(-1, 1, 64), "-1 … 1"), (np.linspace(0, 255, 64), "0 … 255"), (np.linspace(0, 65535, 64), "0 … 65535")])
def test_floating_point(values, taken, tmp_path):
    Image.fromarray(values.astype(np.float32).reshape(8, 8)).save(tmp_path / "a.tif")
    with pytest.warns(UserWarning, match=f"1 floating-point picture .a.tif.: no range is agreed for them; .* are read as {taken}"):
        x = load(tmp_path).images[0]
    assert x[0, 0] == -1 and x[-1, -1] == 1 and np.abs(x.ravel() - np.linspace(-1, 1, 64)).max() < 0.01


def test_all_floating_point_pictures_share_one_range(tmp_path):
    Image.fromarray(np.linspace(0, 0.9, 64, dtype=np.float32).reshape(8, 8)).save(tmp_path / "a.tif")
    Image.fromarray(np.linspace(0, 255, 64, dtype=np.float32).reshape(8, 8)).save(tmp_path / "b.tif")
    with pytest.warns(UserWarning, match="2 floating-point pictures .a.tif, b.tif.* are read as 0 … 255"):
        x = load(tmp_path).images
    assert x[0].max() < -0.99 and x[1].max() == 1
    Image.fromarray(np.full((8, 8), -300, np.float32)).save(tmp_path / "c.tif")
    with pytest.raises(ValueError, match="run from -300 to 255, and there is no agreed range for that"):
        load(tmp_path)


def test_integers_of_32_bits(tmp_path):
    Image.fromarray(np.linspace(0, 65535, 64).astype(np.int32).reshape(8, 8)).save(tmp_path / "a.tif")
    with pytest.warns(UserWarning, match="32-bit picture .a.tif.: .* are read as 0 … 65535"):
        assert np.abs(load(tmp_path).images[0].ravel() - np.linspace(-1, 1, 64)).max() < 0.01


def test_values_that_are_no_numbers_and_other_reasons(tmp_path):
    Image.fromarray(RAMP).save(tmp_path / "good.png")
    values = np.zeros((8, 8), np.float32)
    values[0, 0] = np.nan
    Image.fromarray(values).save(tmp_path / "nan.tif")
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "cut.png").write_bytes((tmp_path / "good.png").read_bytes()[:60])
    found = read(sorted(tmp_path.iterdir()))
    reasons = {file.name: why for file, why in found.unread.items()}
    assert reasons["nan.tif"] == "1 values are NaN or infinite" and "not a picture" in reasons["text.png"] and "damaged" in reasons["cut.png"]
    assert [file.name for file in found.files] == ["good.png"]


def test_pages_of_a_stack_are_counted(tmp_path):
    pages = [Image.fromarray(np.roll(RAMP, i)) for i in range(5)]
    pages[0].save(tmp_path / "stack.tif", save_all=True, append_images=pages[1:])
    with pytest.warns(UserWarning, match="1 file with several pages: only the first is read .stack.tif has 5."):
        assert len(load(tmp_path).images) == 1


def test_white_on_transparent_ground_is_noticed(tmp_path):
    for i in range(3):
        image = Image.new("RGBA", (16, 16), (255, 255, 255, 0))
        image.paste((255, 255, 255, 255), (4, 4, 8 + i, 8))
        image.save(tmp_path / f"{i}.png")
    with pytest.warns(UserWarning, match=r"one colour and nothing else \(3 of 3\): 0.png, 1.png, 2.png; .*--background black"):
        load(tmp_path)
    assert load(tmp_path, background="black").images.max() == 1


def test_a_narrow_range_is_noticed(rng):
    assert suspicious(rng.uniform(-1, -0.91, (3, 4, 4, 1)), ["a", "b", "c"])[0].startswith("the values run from -0.999 to -0.913 only")
    assert suspicious(rng.uniform(-1, -0.85, (3, 4, 4, 1)), ["a", "b", "c"]) == []


def test_twelve_bits_in_sixteen_are_noticed_and_transparency_is_filled(tmp_path):
    Image.fromarray(np.linspace(0, 4080, 64).astype(np.uint16).reshape(8, 8)).save(tmp_path / "a.png")
    with pytest.warns(UserWarning, match="1 16-bit picture .a.png.: the largest value is 4080 of 65535, so they are nearly black"):
        load(tmp_path)
    values = np.linspace(0, 60000, 64).astype(np.uint16).reshape(8, 8)
    Image.fromarray(values).save(tmp_path / "a.png", transparency=int(values[0, 0]))
    assert load(tmp_path).images[0, 0, 0, 0] == 1 and load(tmp_path, background="black").images[0, 0, 0, 0] == -1


def test_files_that_are_no_arrays_and_arrays_that_are_not_read(tmp_path, rng):
    path = tmp_path / "own.npz"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("images", "hello")
    with pytest.raises(ValueError, match="own.npz: not a readable .npz file of plain arrays"):
        load(path)
    np.savez(path, images=rng.uniform(-1, 1, (4, 5, 5)), labels=np.array(["a", None, "b", "c"], object))
    with pytest.raises(ValueError, match="or hold objects .save labels as numbers or strings"):
        load(path)
    np.savez(path, images=rng.uniform(-1, 1, (4, 5, 5)), y=np.arange(4))
    with pytest.warns(UserWarning, match="own.npz: not read: y; the names that are read are images, labels"):
        load(path)
    np.savez(path, images=rng.uniform(-1, 1, (8, 8, 3)))
    with pytest.warns(UserWarning, match="are read as 8 grey ones of 8×3; a single colour picture is"):
        load(path)
