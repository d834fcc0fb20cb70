"""Archives that are unpacked, and those that are refused for something else than a name."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import random
import stat
import struct
import subprocess
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import Callable

import pytest

from edge import errors
from edge.sources import archives
from tests.sources import making
from tests.sources.making import Member
from tests.sources.place import Place, Unpack, listing

MB = 1 << 20
MANIFEST = Member("plugin/manifest.toml", b"name = 'x'\n")
PLUGIN = (
    making.folder("plugin"),
    MANIFEST,
    Member("plugin/src/a b-é.rs", b"1" * 70_000),
    making.folder("plugin/empty"),
)
PACKAGE = (Member("README.md", b"read"), Member("dist/x-1.edge", b"EDGEPKG1"))
LONG = f"plugin/{'a' * 200}/{'é' * 100}"


@pytest.mark.parametrize("kind", [*making.COMPRESSORS, "zip"])
def test_a_plugins_folder(kind: str, place: Place) -> None:
    found = place.unpack(making.every_kind(*PLUGIN)[kind])
    assert (found.package, found.folder) == ("", f"{place.into}/plugin")
    assert listing(place.into) == {
        "plugin": b"40700 ",
        "plugin/manifest.toml": b"100600 " + MANIFEST.data,
        "plugin/src": b"40700 ",
        "plugin/src/a b-é.rs": b"100600 " + b"1" * 70_000,
        "plugin/empty": b"40700 ",
    }


@pytest.mark.parametrize("kind", [*making.COMPRESSORS, "zip"])
def test_a_manifest_at_the_root(kind: str, place: Place) -> None:
    found = place.unpack(making.every_kind(Member("manifest.toml", b"m"), Member("src/x", b""))[kind])
    assert (found.package, found.folder) == ("", str(place.into))
    assert listing(place.into)["manifest.toml"] == b"100600 m"


@pytest.mark.parametrize("kind", [*making.COMPRESSORS, "zip"])
def test_a_package(kind: str, place: Place) -> None:
    found = place.unpack(making.every_kind(*PACKAGE)[kind])
    assert (found.package, found.folder) == (f"{place.into}/dist/x-1.edge", "")
    assert Path(found.package).read_bytes() == b"EDGEPKG1"


@pytest.mark.parametrize("naming", making.NAMINGS)
def test_a_long_name(naming: str, place: Place) -> None:
    place.unpack(making.tar(MANIFEST, Member(LONG, b"x", naming=naming)))
    assert (place.into / LONG).read_bytes() == b"x"


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("mode", ["w:", "w:gz", "w:xz", "w:bz2"])
def test_what_tarfile_writes(form: int, mode: str, place: Place, tmp_path: Path) -> None:
    source = tmp_path / "plugin"
    source.mkdir(mode=0o755)
    (source / "manifest.toml").write_bytes(b"m")
    os.utime(source / "manifest.toml", (0, 1.5))
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode, format=form) as tar:  # type: ignore[call-overload]
        tar.add(source, "plugin")
    assert place.unpack(made.getvalue()).folder == f"{place.into}/plugin"


@pytest.mark.parametrize("form", ["ustar", "gnu", "pax"])
def test_what_tar_writes_of_the_folder_it_is_in(form: str, place: Place, tmp_path: Path) -> None:
    long = tmp_path / "plugin" / "src" / ("a" * 95)
    long.parent.mkdir(parents=True)
    long.write_bytes(b"x")
    (tmp_path / "plugin" / "manifest.toml").write_bytes(b"m")
    archive = tmp_path / "a.tar.gz"
    subprocess.run(["tar", f"--format={form}", "-C", tmp_path / "plugin", "-czf", archive, "."], check=True)
    assert place.unpack(archive.read_bytes()).folder == str(place.into)
    assert set(listing(place.into)) == {"manifest.toml", "src", f"src/{long.name}"}


def test_what_zipfile_writes(place: Place, tmp_path: Path) -> None:
    source = tmp_path / "plugin"
    source.mkdir()
    (source / "é").write_bytes(b"e" * 1000)
    (source / "manifest.toml").write_bytes(b"m")
    with zipfile.ZipFile(tmp_path / "made.zip", "w", zipfile.ZIP_DEFLATED) as made:
        for path in (source, *source.iterdir()):
            made.write(path, path.relative_to(tmp_path))
    assert place.unpack((tmp_path / "made.zip").read_bytes()).folder == f"{place.into}/plugin"


def test_parts_compressed_on_their_own_are_one_archive(unpack: Unpack) -> None:
    whole = making.tar(*PLUGIN)
    for compress in (gzip.compress, lzma.compress, bz2.compress):
        assert unpack(compress(whole[:700]) + compress(whole[700:]) + bytes(512)).folder


@pytest.mark.parametrize(
    "data", [b"", b"\x1f", b"#!/bin/sh\n", b"\x28\xb5\x2f\xfd" + bytes(600), b"Rar!\x1a\x07", bytes(1024)]
)
def test_what_is_no_archive(data: bytes, unpack: Unpack) -> None:
    with pytest.raises(errors.NotPackage, match="neither a package nor an archive") as refused:
        unpack(data)
    assert all(
        kind in refused.value.remedy for kind in (".edge", ".zip", ".tar", ".tar.gz", ".tar.xz", ".tar.bz2")
    )
    assert refused.value.exit_code == 3


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["README.md"], "neither a .edge nor a manifest.toml"),
        (["a.edge", "b/c.edge"], "holds a.edge, b/c.edge"),
        (["manifest.toml", "a/manifest.toml"], "holds manifest.toml, a/manifest.toml"),
        (["a/manifest.toml", "b/manifest.toml"], "holds a/manifest.toml, b/manifest.toml"),
        (["a.edge", "b/manifest.toml"], "holds a.edge, b/manifest.toml"),
        (["a/b/c/manifest.toml"], "more than two folders deep"),
        (["a.EDGE", "b/Manifest.toml", "manifest.toml.bak"], "neither"),
        ([f"{n}.edge" for n in range(9)], "3.edge and 5 more"),
    ],
)
def test_what_holds_no_plugin_or_several(names: list[str], told: str, unpack: Unpack) -> None:
    for archive in making.every_kind(*map(Member, names)).values():
        with pytest.raises(errors.BadPackage, match=f"^sent contains .*{told.replace('holds ', '')}"):
            unpack(archive)


CLUTTER = (
    Member("./._.", b"\0\5\x16\7"),
    Member("__MACOSX/", kind=making.FOLDER, method=0, mode=0o040755),
    Member("__MACOSX/plugin/._manifest.toml", b"\0\5\x16\7"),
    Member("__MACOSX/._x-1.edge", b"\0\5\x16\7"),
    Member("plugin/._manifest.toml", b"\0\5\x16\7"),
    Member("plugin/._a.wasm", b"\0\5\x16\7"),
    Member("dist/._x-1.edge", b"\0\5\x16\7"),
    Member("plugin/.DS_Store", b"Bud1"),
    Member(".DS_Store", b"Bud1"),
    Member("plugin/Thumbs.db", b"\xd0\xcf"),
    Member("plugin/Icon\r"),
)
"""What Finder, bsdtar and Explorer put beside the files."""


@pytest.mark.parametrize("kind", [*making.COMPRESSORS, "zip"])
def test_what_a_computer_adds_is_no_part_of_a_plugin(kind: str, place: Place) -> None:
    archive = making.every_kind(*CLUTTER, MANIFEST, Member("plugin/a.wasm", b"w"))[kind]
    assert place.unpack(archive).folder == f"{place.into}/plugin"
    assert set(listing(place.into)) == {"plugin", "plugin/manifest.toml", "plugin/a.wasm"}


@pytest.mark.parametrize("kind", [*making.COMPRESSORS, "zip"])
def test_what_a_computer_adds_is_no_second_package(kind: str, place: Place) -> None:
    assert place.unpack(making.every_kind(*CLUTTER, *PACKAGE)[kind]).package == f"{place.into}/dist/x-1.edge"


def test_what_a_computer_adds_counts(unpack: Unpack) -> None:
    many = [Member(f"._{number}") for number in range(5000)]
    with pytest.raises(errors.BadPackage, match="more than 4096 members"):
        unpack(making.tar(*many, MANIFEST))
    with pytest.raises(errors.BadPackage, match="unpacks to more than"):
        unpack(gzip.compress(making.tar(*[Member(f"._{at}", bytes(30 * MB)) for at in range(3)]), 1))


def test_attributes_in_a_pax_head_do_not_matter(place: Place) -> None:
    attributes = making.pax(
        (b"LIBARCHIVE.xattr.com.apple.provenance", b"AQIA"),
        (b"SCHILY.xattr.com.apple.provenance", b"\1\2\0\xff\n"),
        (b"SCHILY.fflags", b"hidden"),
        (b"mtime", b"1769766000.123456789"),
    )
    git = making.pax((b"comment", b"ab" * 20), kind=b"g")
    assert place.unpack(git + attributes + making.tar(MANIFEST)).folder == f"{place.into}/plugin"


def test_a_plugin_may_be_two_folders_deep(unpack: Unpack) -> None:
    for archive in making.every_kind(Member("a/b/manifest.toml"), Member("a/b/a.wasm")).values():
        assert unpack(archive).folder.endswith("/a/b")


def test_a_folder_is_neither_a_package_nor_a_manifest(unpack: Unpack) -> None:
    for archive in making.every_kind(making.folder("a.edge"), making.folder("manifest.toml")).values():
        with pytest.raises(errors.BadPackage, match="neither"):
            unpack(archive)


def test_a_zip_of_nothing(unpack: Unpack) -> None:
    with pytest.raises(errors.BadPackage, match="neither"):
        unpack(making.zipped())


@pytest.mark.parametrize("kind", [bytes([letter]) for letter in b"12346789SVMDNAZ"])
@pytest.mark.parametrize("name", ["plugin/x", "manifest.toml"])
def test_what_is_neither_a_file_nor_a_folder_in_a_tar(kind: bytes, name: str, unpack: Unpack) -> None:
    with pytest.raises(errors.EdgeError) as refused:
        unpack(making.tar(Member(name, kind=kind), Member("a.edge")))
    assert refused.value.exit_code == 3


@pytest.mark.parametrize(
    ("kind", "told"), [(b"1", "hard link"), (b"2", "symbolic link"), (b"3", "device"), (b"6", "FIFO")]
)
def test_links_and_devices_are_named(kind: bytes, told: str, unpack: Unpack) -> None:
    with pytest.raises(errors.BadPackage, match=f"member 'plugin/x': it is .*{told}"):
        unpack(making.tar(MANIFEST, Member("plugin/x", kind=kind)))


@pytest.mark.parametrize(
    "mode", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK, 0o170000]
)
@pytest.mark.parametrize("name", ["plugin/x", "plugin/x/"])
def test_links_and_devices_in_a_zip(mode: int, name: str, unpack: Unpack) -> None:
    with pytest.raises(errors.BadPackage, match="it is a link or a device"):
        unpack(making.zipped(MANIFEST, Member(name, b"/etc/passwd", mode=mode | 0o777)))


@pytest.mark.parametrize(
    ("member", "told"),
    [
        (Member("plugin/x/", b"data", method=0), "a folder with data of its own"),
        (Member("plugin/x/", mode=0o100644), "its name ends in a slash"),
        (Member("plugin/x", mode=0o040755), "does not end in a slash"),
        (Member("plugin/x", folder_bit=True), "does not end in a slash"),
        (Member("plugin/x", b"data", flags=0x801), "encrypted"),
        (Member("plugin/x", b"data", flags=0x841), "encrypted"),
        (Member("plugin/x", b"data", method=9), "method 9"),
        (Member("plugin/x", b"data", method=12), "method 12"),
        (Member("plugin/x", b"data", method=14), "method 14"),
        (Member("plugin/x", b"data", method=99), "method 99"),
    ],
)
def test_members_of_a_zip(member: Member, told: str, unpack: Unpack) -> None:
    with pytest.raises(errors.BadPackage, match=f"member 'plugin/x/?': .*{told}"):
        unpack(making.zipped(MANIFEST, member))


def test_a_zip_whose_two_names_of_a_member_differ(unpack: Unpack) -> None:
    archive = making.zipped(MANIFEST, Member("plugin/x"))
    with pytest.raises(errors.Damaged):
        unpack(archive.replace(b"plugin/x", b"plugin/y", 1))


@pytest.mark.parametrize("name", [b"../../x", b"plugin/x"])
def test_a_zip_that_names_a_member_in_a_field_too(name: bytes, unpack: Unpack) -> None:
    field = b"\1" + struct.pack("<L", zlib.crc32(b"plugin/x")) + name
    extra = struct.pack("<HHxx", 0x5455, 2) + struct.pack("<HH", 0x7075, len(field)) + field
    with pytest.raises(errors.BadPackage, match="more than one name"):
        unpack(making.zipped(MANIFEST, Member("plugin/x", extra=extra)))


def test_a_folder_with_contents_in_a_tar(unpack: Unpack) -> None:
    with pytest.raises(errors.BadPackage, match="a folder with data of its own"):
        unpack(making.tar(Member("plugin", b"data", kind=making.FOLDER)))


def test_a_compressed_file_that_is_no_tar(unpack: Unpack) -> None:
    for compress in (gzip.compress, lzma.compress, bz2.compress):
        with pytest.raises(errors.BadPackage, match="not a POSIX or GNU tar archive") as caught:
            unpack(compress(b"EDGEPKG1" + bytes(1000)))
        assert "tar -czhf" in caught.value.remedy


@pytest.mark.parametrize("kind", [*making.COMPRESSORS, "zip"])
def test_cut_off_anywhere(kind: str, unpack: Unpack) -> None:
    whole = making.every_kind(Member("a.edge", b"x" * 1000), Member("b", b"y"))[kind]
    # The first of a tar's two blocks of zeros is its end.
    end = len(whole) - 512 if kind == "tar" else len(whole)
    for length in random.Random(1).sample(range(end), min(end, 150)):
        with pytest.raises((errors.Damaged, errors.NotPackage, errors.BadPackage)):
            unpack(whole[:length])


def test_a_changed_byte_of_a_checksum(unpack: Unpack) -> None:
    whole = gzip.compress(making.tar(*PACKAGE))
    with pytest.raises(errors.Damaged, match="sent: it cannot be unpacked"):
        unpack(whole[:-8] + bytes([whole[-8] ^ 1]) + whole[-7:])


def test_something_behind_the_end(unpack: Unpack) -> None:
    for archive in (
        making.tar(*PACKAGE) + making.tar(Member("b")),
        making.tar(*PACKAGE, end=bytes(512)) + b"x",
        gzip.compress(making.tar(*PACKAGE)) + b"x",
        making.tar(*PACKAGE, end=b"x" * 512),
    ):
        with pytest.raises(errors.Damaged):
            unpack(archive)


def test_xz_that_wants_more_memory_than_a_device_has(unpack: Unpack) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 256 * MB}]
    with pytest.raises(errors.EdgeError) as refused:
        unpack(lzma.compress(making.tar(*PACKAGE), filters=filters))
    assert refused.value.exit_code == 3


def test_a_full_disk(tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("mounting takes root")
    full = tmp_path / "full"
    full.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", full], check=True)
    try:
        for archive in making.every_kind(Member("a.edge", os.urandom(200_000))).values():
            (tmp_path / "archive").write_bytes(archive)
            with open(tmp_path / "archive", "rb") as opened, pytest.raises(errors.DiskFull) as it:
                archives.unpack(opened.fileno(), "sent", str(full))
            assert (it.value.exit_code, str(full) in str(it.value)) == (5, False)
            (full / "a.edge").unlink()
    finally:
        subprocess.run(["umount", full], check=True)


def test_a_link_on_the_way_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    archive = tmp_path / "archive"
    for number, make in enumerate(LINKS):
        into = tmp_path / f"into{number}"
        into.mkdir()
        make(into, outside)
        archive.write_bytes(making.tar(Member("plugin/manifest.toml", b"x")))
        with open(archive, "rb") as opened, pytest.raises(errors.EdgeError):
            archives.unpack(opened.fileno(), "sent", str(into))
        assert not listing(outside)


def _into_itself(into: Path, outside: Path) -> None:
    into.rmdir()
    into.symlink_to(outside)


def _folder(into: Path, outside: Path) -> None:
    (into / "plugin").symlink_to(outside)


def _file(into: Path, outside: Path) -> None:
    (into / "plugin").mkdir()
    (into / "plugin/manifest.toml").symlink_to(outside / "new")


LINKS: tuple[Callable[[Path, Path], None], ...] = (_into_itself, _folder, _file)
