"""A file appears whole or not at all."""

import errno
import os
import socket
import stat
import subprocess
from pathlib import Path

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


NULL, FULL = 3, 7  # minor numbers of the memory devices that forget everything and hold nothing


def is_character_device(path):
    return stat.S_ISCHR(path.stat().st_mode)


def test_what_a_device_is_given_it_takes_and_it_stays_a_device(device):
    node = device("rows.csv", NULL)
    write(node)
    assert is_character_device(node)
    assert [each.name for each in node.parent.iterdir()] == ["rows.csv"]


def test_a_full_device_is_an_error_that_names_it_and_it_stays_a_device(device):
    node = device("rows.csv", FULL)
    with pytest.raises(OSError, match="No space left") as caught:
        write(node)
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(node))
    assert is_character_device(node)


def test_a_reader_of_a_pipe_gets_the_whole_file(tmp_path):
    pipe = tmp_path / "rows.csv"
    os.mkfifo(pipe)
    with (
        open(tmp_path / "read", "w+") as read,
        subprocess.Popen(["cat", str(pipe)], stdout=read) as reader,
    ):
        write(pipe, "new\n" * 100_000)
        assert reader.wait(timeout=30) == 0
    assert (tmp_path / "read").read_text() == "new\n" * 100_000
    assert pipe.is_fifo()


def test_a_pipe_gets_nothing_of_a_file_that_fails_half_way(tmp_path):
    pipe = tmp_path / "rows.csv"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)

    def fail():
        with replacing(pipe) as temporary:
            temporary.write_text("half of the new")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail()
    assert os.read(reader, 100) == b""
    os.close(reader)


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_and_the_file_that_it_leads_to_is_written(tmp_path, there):
    target, link, chain = tmp_path / "far" / "data", tmp_path / "link.csv", tmp_path / "chain.csv"
    target.parent.mkdir()
    link.symlink_to("far/data")
    chain.symlink_to(link)
    if there:
        target.write_text("the old file\n")
    write(chain)
    assert (chain.is_symlink(), link.is_symlink(), target.read_text()) == (True, True, "new\n")
    assert [each.name for each in target.parent.iterdir()] == ["data"]


def test_a_link_to_a_device_leaves_the_device(device, tmp_path):
    node = device("null", NULL)
    (tmp_path / "rows.csv").symlink_to(node)
    write(tmp_path / "rows.csv")
    assert is_character_device(node)


def made_socket(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (made_socket, "neither a file, a pipe nor a character device"),
        (lambda path: path.mkdir(), "Is a directory"),
        (lambda path: path.symlink_to(path.name), "Too many levels of symbolic links"),
    ],
    ids=["a socket", "a folder", "a link to itself"],
)
def test_anything_else_is_refused_and_stays(tmp_path, monkeypatch, make, reason):
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    path = Path("rows.csv")
    make(path)
    before = path.lstat()
    with pytest.raises(OSError, match=reason) as caught:
        write(path)
    assert caught.value.filename == str(path)
    assert path.lstat() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_a_block_device_is_never_written_to(device):
    node = device("rows.csv", 0, kind=stat.S_IFBLK, major=259)
    with pytest.raises(OSError, match="neither a file, a pipe nor a character device"):
        write(node)
    assert stat.S_ISBLK(node.stat().st_mode)


def test_nobody_else_may_write_to_a_private_file(tmp_path):
    path = tmp_path / "profile.json"
    for before in (None, 0o666, 0o640):
        if before is not None:
            path.chmod(before)
        mask = os.umask(0)
        try:
            with replacing(path, private=True) as temporary:
                temporary.write_text("{}")
        finally:
            os.umask(mask)
        assert stat.S_IMODE(path.stat().st_mode) == (0o640 if before == 0o640 else 0o644)
