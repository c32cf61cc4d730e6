"""A file appears whole or not at all."""

import os
import stat

import pytest

from quantforge.files.replacing import replacing


def write(path, text="new\n"):
    with replacing(path) as temporary:
        temporary.write_text(text)


def test_a_failure_half_way_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("the old file\n")

    def fail():
        with replacing(path) as temporary:
            temporary.write_text("half of the new")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail()
    assert path.read_text() == "the old file\n"
    assert [each.name for each in tmp_path.iterdir()] == ["rows.csv"]


def test_a_new_file_has_ordinary_permissions_and_a_replaced_one_keeps_its_own(tmp_path):
    path = tmp_path / "rows.csv"
    mask = os.umask(0o027)
    try:
        write(path, "first\n")
    finally:
        os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    path.chmod(0o604)
    write(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o604
    assert path.read_text() == "new\n"


def test_the_temporary_file_has_the_ending_that_names_the_format(tmp_path):
    with replacing(tmp_path / "model.png") as temporary:
        assert temporary.suffix == ".png"
        assert temporary.parent == tmp_path


def test_an_error_of_the_system_names_the_file_that_was_meant(tmp_path):
    path = tmp_path / "nowhere" / "rows.csv"
    with pytest.raises(FileNotFoundError) as caught:
        write(path)
    assert caught.value.filename == str(path)
