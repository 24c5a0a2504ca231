"""The user's own pairs, styles and captions, and every mistake that can be made with them."""
import unicodedata

import numpy as np
import pytest
from PIL import Image

from gan_scratch import runs
from gan_scratch.data import load
from gan_scratch.data.batches import Batches, Unpaired
from gan_scratch.data.pairs import held_out, partners


def fill(folder, names, size=(32, 32), value=None):
    folder.mkdir(parents=True, exist_ok=True)
    for i, name in enumerate(names):
        image = Image.new("RGB", size, (10 * i if value is None else value, 0, 200))
        image.putpixel((0, 0), (0, 0, 0))  # pictures of one colour alone are warned about
        image.save(folder / name)


def table(path, *lines):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_pairs_belong_together_by_name(tmp_path):
    names = [f"p{i:02}" for i in range(24)]
    fill(tmp_path / "own pairs/A", [f"{name}.png" for name in names])
    fill(tmp_path / "own pairs/B", [f"{name}.bmp" for name in names])
    data = load(tmp_path / "own pairs")
    a, = partners(data)
    assert data.images.shape == (21, 32, 32, 3) and data.test_images.shape == (3, 32, 32, 3)
    np.testing.assert_array_equal(a, data.images)  # both were painted in the order of the names
    np.testing.assert_array_equal(partners(held_out(data))[0], data.test_images)
    assert not any((test == data.images).all((1, 2, 3)).any() for test in data.test_images)
    trainer = runs.new("pix2pix", tmp_path / "own pairs", steps=2, batch=4)
    trainer.run(progress=False)
    assert trainer.gan.sample(2, 0).shape == (2, 32, 32, 3)


def test_two_styles_need_not_be_as_many(tmp_path):
    fill(tmp_path / "A", [f"a{i}.png" for i in range(9)])
    fill(tmp_path / "B", [f"b{i}.png" for i in range(5)])
    data = load(tmp_path)
    assert len(data.images) == 5 and len(data.extra["input"]) == 9
    with pytest.raises(ValueError, match="A has 9 pictures and B 5, and 14 have not just one partner .* needs pairs, cyclegan doesn't"):
        runs.new("pix2pix", tmp_path, batch=4)
    trainer = runs.new("cyclegan", tmp_path, steps=2, batch=4)
    trainer.run(progress=False)
    assert trainer.step == 2


@pytest.mark.parametrize("make, message", [
    (lambda p: (fill(p / "A", ["x.png"]), (p / "B").mkdir()), "B: no pictures in this folder"),
    (lambda p: (fill(p / "A", ["x.png"]), fill(p / "B", ["x.png"], (16, 16))), "A are 32×32, those of B 16×16; give one size"),
    (lambda p: (fill(p / "A", ["x.png", "y.png"]), fill(p / "B", ["x.png"]), (p / "B/y.png").write_bytes(b"no picture")), "leave their partners alone; .*B/y.png"),
])
def test_mistakes_with_two_folders(tmp_path, make, message):
    make(tmp_path)
    with pytest.raises(ValueError, match=message):
        load(tmp_path)


def test_a_variant_that_translates_says_what_it_needs(tmp_path):
    with pytest.raises(ValueError, match="give a folder with the subfolders A .inputs. and B"):
        runs.new("pix2pix", "faces")
    with pytest.raises(ValueError, match="goes between two styles; give a folder with the subfolders A and B"):
        runs.new("cyclegan", "faces")
    with pytest.raises(ValueError, match="needs captions; give a .csv file with the columns file and caption"):
        runs.new("stackgan", "faces")


@pytest.mark.filterwarnings("ignore:stackgan begins its last phase", "ignore:.*are read, not note")
def test_captions(tmp_path):
    fill(tmp_path / "pictures", [f"{i}.png" for i in range(6)])
    colours = ["red", "blue"]
    table(tmp_path / "mine.csv", "file,caption,note", *(f"pictures/{i}.png,A {colours[i % 2].upper()} thing number{i},x" for i in range(6)))
    with pytest.warns(UserWarning, match="only file, caption and label are read, not note"):
        data = load(tmp_path / "mine.csv")
    assert data.extra["words"].tolist() == ["blue", "red"]  # "a" and "thing" are everywhere, the numbers occur once
    np.testing.assert_array_equal(data.extra["captions"], [[i % 2, 1 - i % 2] for i in range(6)])
    trainer = runs.new("stackgan", tmp_path / "mine.csv", steps=2, batch=4)
    trainer.run(progress=False)
    assert trainer.gan.sample(3, 0).shape == (3, 32, 32, 3)
    assert load(tmp_path / "mine.csv", size=16).images.shape == (6, 16, 16, 3)


@pytest.mark.parametrize("lines, message", [
    (["name,text", "0.png,red"], "needs a first line with the columns file and caption .or label., separated by commas; it has name, text"),
    (["file,caption"], "has no rows below its first line"),
    (["file,caption", "0.png,red", "7.png,blue"], "line 3: there is no picture 7.png; paths are relative to the .csv"),
    (["file,caption", "0.png,red", "1.png,"], "line 3: needs a file and a caption"),
])
def test_mistakes_with_captions(tmp_path, lines, message):
    fill(tmp_path, ["0.png", "1.png"])
    table(tmp_path / "c.csv", *lines)
    with pytest.raises(ValueError, match=message):
        load(tmp_path / "c.csv")


def test_a_table_that_is_none(tmp_path):
    (tmp_path / "c.csv").write_bytes(b"file,caption\n\xff\xfe\x00")
    with pytest.raises(ValueError, match="can't be read as a table in UTF-8"):
        load(tmp_path / "c.csv")
    with pytest.raises(FileNotFoundError, match="there is no such file"):
        load(tmp_path / "other.csv")


def test_unpaired_rows_are_drawn_apart():
    a, b = np.arange(40.0), np.arange(100.0, 107.0)
    batches = Batches(Unpaired(a, b), 5, 0)
    drawn = [next(batches) for _ in range(400)]
    first, second = (np.concatenate(part) for part in zip(*drawn))
    assert set(first) == set(a) and set(second) == set(b)
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.1
    again = Batches(Unpaired(a, b), 5, 0)
    np.testing.assert_array_equal(next(again)[1], drawn[0][1])


def test_partners_that_are_not_just_one(tmp_path):
    """Two styles then, with a word; a variant that needs pairs refuses, as --pairs does."""
    fill(tmp_path / "A", ["0.png", "1.png", "0.jpg", "y.png"])
    fill(tmp_path / "B", ["0.png", "1.png", "z.png"])
    with pytest.warns(UserWarning, match="two styles without pairs, because 5 pictures .*: A/0.jpg, A/0.png, A/y.png …"):
        data = load(tmp_path)
    assert len(data.extra["input"]) == 4 and len(data.images) == 3
    with pytest.raises(ValueError, match="needs pairs, cyclegan doesn't"):
        partners(data)
    with pytest.raises(ValueError, match="5 pictures without just one partner .* add them or remove these"):
        load(tmp_path, pairs=True)


def test_styles_of_equal_number_are_no_pairs(tmp_path):
    fill(tmp_path / "A", [f"a{i}.png" for i in range(5)])
    fill(tmp_path / "B", [f"b{i}.png" for i in range(5)])
    with pytest.raises(ValueError, match="10 have not just one partner"):
        partners(load(tmp_path))


def test_captions_that_say_nothing(tmp_path):
    fill(tmp_path, ["0.png", "1.png"])
    table(tmp_path / "c.csv", "file,caption", "0.png,red", "1.png,blue")
    with pytest.warns(UserWarning, match="no word occurs in at least two captions and not in all"):
        data = load(tmp_path / "c.csv")
    assert len(data.images) == 2 and not data.extra


@pytest.mark.filterwarnings("ignore:.*are read, not note")
@pytest.mark.parametrize("text, captions", [
    ("\ufefffile;caption;note\n0.png;a red one;x\n1.png;a blue one;y\n2.png;a red, blue one;z\n", 3),
    ("sep=;\nfile;caption\n0.png;red\n1.png;blue\n2.png;red blue\n", 3),
    ("file\tcaption\n0.png\tred\n1.png\tblue\n2.png\tred blue\n", 3),
    ("File , Caption\n 0.png , red\n\n1.png,blue\n.\\2.png,\"red, blue\"\n", 3),
])
def test_tables_of_every_make_are_read(tmp_path, text, captions):
    fill(tmp_path, [f"{i}.png" for i in range(3)])
    for encoding in ("utf-8", "utf-16"):
        (tmp_path / "c.csv").write_bytes(text.encode(encoding) if encoding == "utf-8" else text.lstrip("\ufeff").encode(encoding))
        assert load(tmp_path / "c.csv").extra["captions"].shape[0] == captions


@pytest.mark.parametrize("text, message", [
    ("file,caption\n0.png,a red, round one\n", "line 2: has 3 columns, the first line has 2"),
    ("file,caption\n0.png,\"red\n1.png,blue\n", "line 3: can't be read as a table"),
    ("file,caption\n0.png,red\n\n\n7.png,blue\n", "line 5: there is no picture 7.png"),
    ("file,caption\n0.PNG,red\n1.png,blue\n", r"line 2: there is no picture 0.PNG; .* \(there is 0.png\)"),
    ("file,caption\n0,red\n1.png,blue\n", r"line 2: there is no picture 0; .* \(there is 0.png\)"),
    ("file,caption,caption\n0.png,red,x\n", "has the column caption twice"),
    ("file,caption\n" + "x" * 5000 + ".png,red\n", "line 2: there is no picture xxx"),
    ("file,caption\n\"0\n.png\",red\n", "line 3: has a line break inside a name"),
    ("file,label\n0.png,cat\n1.png,cat\n0.png,dog\n", "lines 2 and 4: 0.png has the label cat in the one and dog in the other"),
    ("file,caption\n0.png,r\0d\n", "line 2: has a byte 0"),
    ("file,caption\n0.png,red\n1.png,\n", "line 3: needs a file and a caption, but the caption is empty"),
])
def test_tables_that_are_refused(tmp_path, text, message):
    fill(tmp_path, ["0.png", "1.png"])
    (tmp_path / "c.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        load(tmp_path / "c.csv")


def test_names_in_another_unicode_form_and_labels(tmp_path):
    fill(tmp_path, [unicodedata.normalize("NFD", "é.png"), "1.png", "2.png"])
    table(tmp_path / "c.csv", "file,label", unicodedata.normalize("NFC", "é.png") + ",dog", "1.png,cat", "2.png,dog")
    data = load(tmp_path / "c.csv")
    assert data.labels.tolist() == [1, 0, 1] and data.classes == ("cat", "dog")
    (tmp_path / "c.csv").write_bytes("file;label\n1.png;K\xfche\n".encode("cp1252"))
    with pytest.raises(ValueError, match="line 2: can't be read as a table in UTF-8; save it as “CSV UTF-8”"):
        load(tmp_path / "c.csv")
