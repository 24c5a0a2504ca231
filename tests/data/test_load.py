"""Bundled sets, full sets from IDX files, own data, and one clear sentence for everything that is wrong with a file."""
import functools
import gc
import gzip
import hashlib
import http.server
import struct
import threading
import warnings

import numpy as np
import pooch
import pytest
from PIL import Image

from gan_scratch.data import NAMES, Dataset, describe, load
from gan_scratch.data import load as load_function
from gan_scratch.data.images import read_idx, to_bytes, to_unit
from gan_scratch.data.load import IDX

load_module = __import__("gan_scratch.data.load", fromlist=["load"])

SHAPES = {"mnist": (5000, 28, 28, 1), "fashion_mnist": (5000, 28, 28, 1), "digits8": (1797, 8, 8, 1),
          "emoji_faces": (127, 32, 32, 3), "emoji_people": (60, 32, 32, 3)}


@pytest.mark.parametrize("name", SHAPES)
def test_bundled_sets(name):
    data = load(name)
    assert data.images.shape == SHAPES[name] and data.shape == SHAPES[name][1:]
    assert data.images.dtype == np.float32 and -1 <= data.images.min() < -0.9 and 0.99 < data.images.max() <= 1
    if data.labels is not None:
        assert data.labels.dtype == np.int64 and len(data.labels) == len(data.images)


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_classes_are_balanced_and_the_test_part_is_other_data(name):
    data = load(name)
    assert (np.bincount(data.labels) == 500).all() and (np.bincount(data.test_labels) == 100).all()
    assert not {x.tobytes() for x in data.images} & {x.tobytes() for x in data.test_images}


def test_extras_of_the_emoji():
    faces, people = load("emoji_faces"), load("emoji_people")
    assert faces.extra["twemoji"].shape == faces.images.shape and len(faces.extra["names"]) == 127
    assert set(people.labels) == {0, 1, 2, 3} and set(people.extra["skin_tone"]) == set(range(6))


def test_every_name_has_a_description():
    assert all(describe(name) for name in NAMES)


def test_bytes_and_back():
    x = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    np.testing.assert_array_equal(to_bytes(to_unit(x))[..., 0], x)


def test_a_damaged_bundled_file_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr(load_module, "HERE", tmp_path)
    with pytest.raises(FileNotFoundError, match="bundled file is missing"):
        load("digits8")
    (tmp_path / "digits8.npz").write_bytes(b"PK damaged")
    with pytest.raises(ValueError, match="checksum differs"):
        load("digits8")


def sentence(call, *fragments, error=ValueError):
    """The error is one sentence that holds these fragments."""
    with pytest.raises(error) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message and all(f in message for f in fragments), message


def test_unknown_name():
    sentence(lambda: load("mnits"), "no data called 'mnits'", "fashion_mnist", "ring")


@pytest.mark.parametrize("images, fragments", [
    (np.zeros((4, 5)), ["(N, H, W, C)", "(4, 5)"]),
    (np.zeros((0, 5, 5)), ["(0, 5, 5)"]),
    (np.full((2, 5, 5), 200.0), ["0 … 255", "127.5", "200"]),
    (np.full((2, 5, 5), np.nan), ["50 values are NaN"]),
    (np.zeros((2, 5, 5), np.int64), ["uint8", "int64"]),
    (np.zeros((2, 3, 8, 8)), ["channels first", "moveaxis"]),
])
def test_own_arrays_that_do_not_fit(images, fragments, tmp_path):
    path = tmp_path / "own.npz"
    np.savez(path, images=images)
    sentence(lambda: load(path), str(path), *fragments)


def test_own_arrays_that_fit(tmp_path):
    path = tmp_path / "own.npz"
    images = np.random.default_rng(0).integers(0, 256, (6, 9, 9, 3), dtype=np.uint8)
    np.savez(path, images=images, labels=np.arange(6), test_images=images[:2])
    data = load(path)
    assert data.name == "own" and data.labels.dtype == np.int64 and data.test_images.shape == (2, 9, 9, 3)
    np.testing.assert_array_equal(to_bytes(data.images), images)
    np.savez(path, images=images.astype(np.float64) / 255)
    with pytest.warns(UserWarning, match=r"2 \* images - 1"):
        load(path)


def test_npz_files_that_do_not_fit(tmp_path):
    path = tmp_path / "own.npz"
    sentence(lambda: load(path), "no such file", error=FileNotFoundError)
    path.write_bytes(b"no zip at all")
    sentence(lambda: load(path), "truncated or damaged")
    np.savez(path, pictures=np.zeros((2, 5, 5)))
    sentence(lambda: load(path), "named 'images'", "pictures")
    np.savez(path, images=np.linspace(-1, 1, 50).reshape(2, 5, 5), labels=np.zeros(3, int))
    sentence(lambda: load(path), "labels must be one value for each of the 2 images")
    np.savez(path, images=np.random.default_rng(0).random((50, 20, 20)))
    path.write_bytes(path.read_bytes()[:3000])
    sentence(lambda: load(path), "truncated or damaged")
    np.savez(path, images=np.array([{"a": 1}], dtype=object), allow_pickle=True)
    sentence(lambda: load(path), "truncated or damaged")


def picture(path, size=(8, 8), mode="RGB", color=(255, 0, 0)):
    """One colour but for one place: pictures of one colour alone are warned about."""
    path.parent.mkdir(exist_ok=True)
    image = Image.new(mode, size, color)
    image.putpixel((size[0] // 2, size[1] // 2), 0 if isinstance(color, int) else (*[0] * (len(color) - 1), 255))
    image.save(path)


def test_a_folder_of_pictures(tmp_path):
    picture(tmp_path / "cats" / "a.png")
    picture(tmp_path / "dogs" / "b.JPG", color=(0, 0, 255))
    picture(tmp_path / "dogs" / "c.png", mode="L", color=128)
    (tmp_path / "notes.txt").write_text("not a picture")
    with pytest.warns(UserWarning, match="not read: files ending in .txt .1.: notes.txt"):
        data = load(tmp_path)
    assert data.images.shape == (3, 8, 8, 3) and list(data.labels) == [0, 1, 1] and data.classes == ("cats", "dogs")
    np.testing.assert_array_equal(data.images[0, 0, 0], [1, -1, -1])


def test_grey_pictures_stay_grey_and_transparency_becomes_white(tmp_path):
    picture(tmp_path / "a.png", mode="L", color=200)
    assert load(tmp_path).images.shape == (1, 8, 8, 1) and load(tmp_path).labels is None
    image = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    image.putpixel((0, 0), (0, 0, 255, 255))
    image.save(tmp_path / "a.png")
    white, black = (load(tmp_path, background=name).images[0] for name in ("white", "black"))
    assert (white[1:] == 1).all() and (black[1:] == -1).all() and (white[0, 0] == [-1, -1, 1]).all()
    sentence(lambda: load(tmp_path, background="wite"), "'wite' isn't a colour")


def test_pictures_of_several_sizes_need_one_size(tmp_path):
    picture(tmp_path / "a.png", (8, 8))
    picture(tmp_path / "b.png", (20, 10))
    sentence(lambda: load(tmp_path), "2 different sizes", "give one size")
    assert load(tmp_path, size=6).images.shape == (2, 6, 6, 3)


def test_an_unreadable_picture_among_good_ones_is_left_out_and_named(tmp_path):
    picture(tmp_path / "good.png")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n rest is missing")
    with pytest.warns(UserWarning, match=r"not read: pictures that can't be read: not a picture, or damaged at its beginning .1.: broken.png"):
        assert len(load(tmp_path).images) == 1
    (tmp_path / "good.png").write_bytes((tmp_path / "good.png").read_bytes()[:50])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sentence(lambda: load(tmp_path), "none of the 2 pictures can be read")


def test_sixteen_bits_keep_their_greys_and_odd_modes_are_read(tmp_path):
    ramp = np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8)
    Image.fromarray(ramp).save(tmp_path / "a.png")
    data = load(tmp_path)
    assert data.images.shape == (1, 8, 8, 1) and data.images.min() == -1 and data.images.max() == 1 and (np.diff(data.images.ravel()) > 0).all()
    for mode in ("1", "LA", "P", "CMYK"):
        folder = tmp_path / mode
        folder.mkdir()
        Image.fromarray((ramp >> 8).astype(np.uint8)).convert(mode).save(folder / ("a.tiff" if mode == "CMYK" else "a.png"))
        assert load(folder).images.shape[1:3] == (8, 8)
    (tmp_path / "1" / "._a.png").write_bytes(b"what macOS leaves")
    assert len(load(tmp_path / "1").images) == 1


def test_channels_and_test_parts_that_do_not_fit(tmp_path):
    path = tmp_path / "own.npz"
    np.savez(path, images=np.zeros((2, 5, 5, 4), np.uint8))
    sentence(lambda: load(path), "1 or 3 channels, got 4")
    np.savez(path, images=np.zeros((2, 5, 5), np.uint8), test_images=np.zeros((2, 5, 4), np.uint8))
    sentence(lambda: load(path), "test_images have shape (5, 4)")
    np.save(tmp_path / "array.npy", np.zeros(3))
    (tmp_path / "array.npy").rename(path)
    sentence(lambda: load(path), "not a readable .npz")
    sentence(lambda: load("mnist", size=14), "size is for a folder of pictures")


def test_an_empty_folder(tmp_path):
    sentence(lambda: load(tmp_path), "no pictures in this folder", ".png")


def idx(array):
    return b"\x00\x00\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def test_idx_files(tmp_path):
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    plain, packed = tmp_path / "a", tmp_path / "a.gz"
    plain.write_bytes(idx(array))
    packed.write_bytes(gzip.compress(idx(array)))
    np.testing.assert_array_equal(read_idx(plain), array)
    np.testing.assert_array_equal(read_idx(packed), array)
    plain.write_bytes(idx(array)[:-1])
    sentence(lambda: read_idx(plain), "promises 24 bytes", "holds 23")
    plain.write_bytes(b"hello")
    sentence(lambda: read_idx(plain), "not an IDX file")
    packed.write_bytes(packed.read_bytes()[:-9])
    sentence(lambda: read_idx(packed), "truncated or damaged")


def test_full_sets_from_idx_files(tmp_path):
    sentence(lambda: load("mnist", full=tmp_path / "no"), "no such folder", error=FileNotFoundError)
    sentence(lambda: load("mnist", full=tmp_path), "train-images-idx3-ubyte", "is missing", error=FileNotFoundError)
    sentence(lambda: load("digits8", full=True), "mnist and fashion_mnist")
    arrays = np.zeros((60000, 28, 28), np.uint8), np.zeros(60000, np.uint8), np.zeros((10000, 28, 28), np.uint8), np.ones(10000, np.uint8)
    for stem, array in zip(IDX, arrays):
        (tmp_path / stem).write_bytes(idx(array))
    data = load("mnist", full=tmp_path)
    assert isinstance(data, Dataset) and data.name == "mnist_full"
    assert data.images.shape == (60000, 28, 28, 1) and data.test_labels.sum() == 10000
    (tmp_path / IDX[1]).write_bytes(idx(arrays[3]))
    sentence(lambda: load("mnist", full=tmp_path), "expected shape (60000,)", "(10000,)")


def test_full_sets_are_fetched_with_checksums(tmp_path, monkeypatch):
    """pooch is asked for four files with SHA-256; a wrong one is refused and not kept, no network is one sentence."""
    asked = []

    def retrieve(url, known_hash, fname, path, progressbar):
        asked.append((url, known_hash, fname))
        raise ValueError("SHA256 hash of downloaded file does not match the known hash")

    monkeypatch.setattr(pooch, "retrieve", retrieve)
    sentence(lambda: load_function("mnist", full=True), "could not be fetched", "another SHA-256")
    (url, known_hash, fname), = asked
    assert url.endswith("train-images-idx3-ubyte.gz") and known_hash.startswith("sha256:") and len(known_hash) == 7 + 64
    assert all(len(checksums) == len({*checksums}) == 4 for _, checksums in load_module.FULL.values())


def test_pooch_refuses_a_wrong_checksum_and_keeps_nothing(tmp_path, monkeypatch):
    """The real pooch, fetching from a server on this machine."""
    source, cache = tmp_path / "source", tmp_path / "cache"
    source.mkdir()
    for stem in IDX:
        (source / f"{stem}.gz").write_bytes(b"not it")
    monkeypatch.setattr(pooch, "os_cache", lambda name: cache)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=source)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        monkeypatch.setitem(load_module.FULL, "mnist", (url, ("0" * 64,) * 4))
        sentence(lambda: load_function("mnist", full=True), "could not be fetched", "another SHA-256")
        assert not list(cache.rglob("train-*"))
        monkeypatch.setitem(load_module.FULL, "mnist", (url, (hashlib.sha256(b"not it").hexdigest(),) * 4))
        sentence(lambda: load_function("mnist", full=True), "not an IDX file")
        server.shutdown()
    for file in cache.rglob("*.gz"):
        file.unlink()
    sentence(lambda: load_function("mnist", full=True), "is there a network?", "--full FOLDER")
    with warnings.catch_warnings():  # requests, which pooch uses, leaves closing its sockets to the garbage collector
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
