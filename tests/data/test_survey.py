"""What a folder means, for every kind of folder that people have."""
import os

import numpy as np
import pytest
from PIL import Image

from gan_scratch.data import load
from gan_scratch.data.labels import natural
from gan_scratch.data.survey import survey


def fill(root, *names):
    for i, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.random.default_rng(i).integers(0, 256, (8, 8), dtype=np.uint8)).save(path)


def test_classes_may_have_any_names_and_come_in_natural_order(tmp_path):
    fill(tmp_path, *(f"{name}/{i}.png" for name in ("B", "A", "10", "9", "c") for i in range(2)))
    data = load(tmp_path)
    assert data.classes == ("9", "10", "A", "B", "c")
    assert [data.classes[k] for k in data.labels] == [name for name in data.classes for _ in range(2)]


def test_only_a_and_b_are_two_styles(tmp_path):
    fill(tmp_path, "A/0.png", "B/0.png")
    assert survey(tmp_path).meaning == "styles"
    fill(tmp_path, "C/0.png")
    found = survey(tmp_path)
    assert found.meaning == "classes" and found.classes == ["A", "B", "C"]
    found = survey(tmp_path, pairs=True)
    assert found.meaning == "styles" and len(found.found) == 2 and found.left == {"beside A and B": ["C/0.png"]}
    with pytest.raises(ValueError, match="no folders A and B with pictures"):
        survey(tmp_path / "C", pairs=True)


def test_parts_are_known_by_name(tmp_path):
    fill(tmp_path, *(f"{part}/{name}/{i}.png" for part, n in (("Train", 3), ("val", 2), ("test", 1)) for name in ("cat", "dog") for i in range(n)))
    with pytest.warns(UserWarning, match=r"validation part, not needed beside a test part \(4\): val/cat/0.png"):
        data = load(tmp_path)
    assert len(data.images) == 6 and len(data.test_images) == 2 and data.classes == ("cat", "dog")
    assert data.labels.tolist() == [0, 0, 0, 1, 1, 1] and data.test_labels.tolist() == [0, 1]


def test_a_validation_part_alone_is_the_test_part_and_tests_may_have_no_labels(tmp_path):
    fill(tmp_path, "training/cat/0.png", "training/dog/0.png", "validation/7.png", "validation/8.png")
    data = load(tmp_path)
    assert len(data.test_images) == 2 and data.test_labels is None and data.labels.tolist() == [0, 1]


def test_a_class_called_train_is_a_class(tmp_path):
    fill(tmp_path, "bus/0.png", "train/0.png", "car/0.png")
    assert survey(tmp_path).classes == ["bus", "car", "train"]
    fill(tmp_path, "test/0.png")
    with pytest.raises(ValueError, match="test and train look like the parts of one set, but bus, car stand beside them; move that elsewhere"):
        survey(tmp_path)


def test_the_folders_of_cyclegan(tmp_path):
    fill(tmp_path, *(f"{folder}/{i}.png" for folder, n in (("trainA", 3), ("trainB", 2), ("testA", 2), ("testB", 1)) for i in range(n)))
    with pytest.warns(UserWarning, match="two styles without pairs"):
        data = load(tmp_path)
    assert [len(a) for a in (data.images, data.extra["input"], data.test_images, data.extra["test_input"])] == [2, 3, 1, 2]


def test_the_leaf_is_the_class_and_its_whole_name_where_leaves_are_alike(tmp_path):
    fill(tmp_path, "animals/cat/0.png", "animals/dog/0.png", "vehicles/car/0.png")
    assert survey(tmp_path).classes == ["car", "cat", "dog"]
    fill(tmp_path, "vehicles/cat/0.png")
    assert survey(tmp_path).classes == ["animals/cat", "animals/dog", "vehicles/car", "vehicles/cat"]


def test_pictures_beside_classes_have_no_class(tmp_path):
    fill(tmp_path, "0.png", "1.png", "cat/0.png", "dog/0.png")
    with pytest.warns(UserWarning, match="2 pictures beside the folders of pictures .cat, dog. can't have a class, so all are read without"):
        data = load(tmp_path)
    assert len(data.images) == 4 and data.labels is None


def test_a_class_of_the_test_part_that_training_has_not(tmp_path):
    fill(tmp_path, "train/cat/0.png", "train/dog/0.png", "test/cat/0.png", "test/cow/0.png")
    with pytest.raises(ValueError, match="the test part has cow, which the training part hasn't"):
        survey(tmp_path)


def test_what_belongs_to_the_system_is_skipped(tmp_path):
    fill(tmp_path, "cat/0.png", "dog/0.png", "cat/.ipynb_checkpoints/0-checkpoint.png", "dog/@eaDir/0.png/THUMB.png", "__MACOSX/cat/._0.png",
         "$RECYCLE.BIN/x.png", ".trash/y.png", "cat/._0.png")
    (tmp_path / "cat" / "Thumbs.db").write_bytes(b"x")
    found = survey(tmp_path)
    assert [each.name for each in found.found] == ["cat/0.png", "dog/0.png"] and not found.left and len(found.hidden) == 7


def test_links_are_followed_once(tmp_path):
    fill(tmp_path / "store", "cat/0.png", "cat/1.png", "one.png")
    fill(tmp_path / "pets", "dog/0.png")
    pets = tmp_path / "pets"
    (pets / "cat").symlink_to(tmp_path / "store" / "cat")
    (pets / "again").symlink_to(tmp_path / "store" / "cat")
    (pets / "loop").symlink_to(pets)
    (pets / "dog" / "linked.png").symlink_to(tmp_path / "store" / "one.png")
    (pets / "dog" / "twice.png").symlink_to(tmp_path / "store" / "one.png")
    (pets / "dog" / "lost.png").symlink_to(tmp_path / "nowhere.png")
    found = survey(pets)
    assert [each.name for each in found.found] == ["again/0.png", "again/1.png", "dog/0.png", "dog/linked.png"]
    assert found.left == {"links to what is read already": ["cat", "loop", "dog/twice.png"], "links that lead nowhere": ["dog/lost.png"]}


def test_a_runs_own_directory_is_no_data(tmp_path):
    fill(tmp_path, "0.png", "1.png", "runs/mlp-x/samples.png", "runs/mlp-x/baseline/samples.png")
    (tmp_path / "runs" / "mlp-x" / "checkpoint.npz").write_bytes(b"")
    found = survey(tmp_path)
    assert [each.name for each in found.found] == ["0.png", "1.png"] and not found.left and "mlp-x" not in found.table()
    with pytest.raises(ValueError, match="the directory of a run; its figures are no data"):
        survey(tmp_path / "runs" / "mlp-x")


def test_whatever_is_not_read_is_counted_and_named(tmp_path):
    fill(tmp_path, "cat/0.png", "dog/0.png")
    for name in ("cat/notes.txt", "cat/more.txt", "video.mp4", "LICENSE"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "cow").mkdir()
    assert survey(tmp_path).left == {"files ending in .txt": ["cat/more.txt", "cat/notes.txt"], "files ending in .mp4": ["video.mp4"],
                                     "files without an ending": ["LICENSE"], "folders without pictures": ["cow"]}
    assert "files ending in .txt (2): cat/more.txt, cat/notes.txt" in survey(tmp_path).table()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_opened(tmp_path):
    fill(tmp_path, "cat/0.png", "dog/0.png")
    (tmp_path / "dog").chmod(0)
    try:
        assert list(survey(tmp_path).left) == ["folders that can't be opened", "folders without pictures"]
    finally:
        (tmp_path / "dog").chmod(0o755)


def test_natural_order():
    assert sorted(["b10", "B2", "a", "10", "9", "é", "e"], key=natural) == ["9", "10", "a", "B2", "b10", "e", "é"]


@pytest.mark.parametrize("train, test", [("data/train", "data/test"), ("training_set", "test_set"), ("seg_train/seg_train", "seg_test/seg_test"),
                                         ("Train", "evaluation"), ("all/of/it/train-images", "all/of/it/val-images")])
def test_parts_under_other_names_and_in_a_folder_around_them(train, test, tmp_path):
    fill(tmp_path, *(f"{part}/{name}/{i}.png" for part, n in ((train, 3), (test, 1)) for name in ("cat", "dog") for i in range(n)))
    data = load(tmp_path)
    assert data.classes == ("cat", "dog") and len(data.images) == 6 and data.test_labels.tolist() == [0, 1]


def test_styles_in_a_folder_around_them(tmp_path):
    fill(tmp_path / "one", "maps/A/0.png", "maps/B/0.png")
    assert survey(tmp_path / "one").meaning == "styles"
    fill(tmp_path / "two", *(f"h2z/{name}/0.png" for name in ("traina", "trainb", "testa", "testb")))
    assert survey(tmp_path / "two").meaning == "styles" and len(survey(tmp_path / "two").of("test")) == 2


@pytest.mark.parametrize("names, message", [
    (["cat/train/0.png", "cat/test/0.png", "dog/train/0.png", "dog/test/0.png"], "test and train look like parts, but stand inside of other folders"),
    (["A/train/0.png", "A/test/0.png", "B/train/0.png", "B/test/0.png"], "test and train look like parts, but stand inside of other folders"),
    (["trainA/0.png", "trainB/0.png", "testA/0.png", "testB/0.png", "example.png"], "look like the parts of one set, but example.png stands beside them"),
    (["train/a/0.png", "train/b/0.png", "extra/0.png"], "train looks like the parts of one set, but extra stands beside them"),
    (["trainA/0.png", "testA/0.png"], "has testA and trainA, but no trainB"),
])
def test_parts_that_would_be_misread_are_refused(names, message, tmp_path):
    fill(tmp_path, *names)
    with pytest.raises(ValueError, match=message):
        survey(tmp_path)


def test_a_test_part_of_one_side_is_named(tmp_path):
    fill(tmp_path, "trainA/0.png", "trainA/1.png", "trainB/5.png", "testA/0.png")
    with pytest.warns(UserWarning, match="test part of one side only .1.: testA/0.png"):
        assert load(tmp_path).test_images is None


def test_classes_inside_of_classes_are_named_and_so_is_one_that_cannot_be_read(tmp_path):
    fill(tmp_path, "a/0.png", "a/sub/0.png", "b/0.png", "c/0.png")
    (tmp_path / "c" / "0.png").write_bytes(b"no picture")
    with pytest.warns(UserWarning, match="classes inside of other classes count as classes of their own: a/sub; no picture of the class c can be read"):
        assert load(tmp_path).classes == ("a", "b", "sub")


def test_names_in_two_unicode_forms_are_one_class(tmp_path):
    fill(tmp_path, "train/\u00e9/0.png", "train/a/0.png", "test/e\u0301/0.png")
    data = load(tmp_path)
    assert data.classes == ("a", "\u00e9") and data.test_labels.tolist() == [1]


def test_two_folders_for_one_part_are_none(tmp_path):
    fill(tmp_path, "train/0.png", "training/0.png")
    assert survey(tmp_path).classes == ["train", "training"]
