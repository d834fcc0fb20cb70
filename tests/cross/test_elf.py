from __future__ import annotations

import os
import struct
import subprocess
from pathlib import Path
from typing import Callable

import pytest
from elftools.elf.constants import P_FLAGS
from elftools.elf.elffile import ELFFile

from cross import build, elf, recipe, targets, toolchain
from cross.cache import ROOT

DEVICES = [name for name, row in targets.table().items() if row.is_device]
CANARY = ROOT / "cross" / "canary" / "canary.c"
PI_ZERO = ("-target", "arm-linux-gnueabihf.2.28", "-mcpu=arm1176jzf_s")
PI_2 = ("-target", "arm-linux-gnueabihf.2.28", "-mcpu=cortex_a7")
P_FLAGS_OFFSET = 24  # in a program header of 32-bit ELF
MOVW = 0xE3012345

Link = Callable[..., Path]


@pytest.fixture
def link(tmp_path: Path) -> Link:
    """Links a shared library of C code, the canary's if no other, with flags for zig."""

    def linked(*flags: str, code: str = CANARY.read_text()) -> Path:
        source = tmp_path / "source.c"
        source.write_text(code)
        library = tmp_path / "library.so"
        zig = str(toolchain.zig().program)
        subprocess.run([zig, "cc", "-O2", "-shared", *flags, str(source), "-o", str(library)], check=True)
        return library

    return linked


@pytest.mark.parametrize("target", DEVICES)
def test_every_library_may_ship(target: str) -> None:
    library = build.library(target)
    assert elf.complaints(target, library, library.with_name(recipe.UNSTRIPPED)) == []


@pytest.mark.parametrize("target", DEVICES)
def test_no_library_names_a_folder_of_this_machine(target: str) -> None:
    code = build.library(target).read_bytes()
    made_by = recipe.recipe(target)
    folders = (made_by.folder, made_by.rust.library, recipe.NATIVE, Path.home() / ".cargo")
    assert [folder for folder in folders if os.fsencode(folder) in code] == []


def test_code_for_the_pi_zero_passes(link: Link) -> None:
    assert elf.complaints("pi-zero", link(*PI_ZERO)) == []


def test_the_canary_is_refused_for_each_thing_it_uses(link: Link) -> None:
    found = "\n".join(elf.complaints("pi-zero", link(*PI_2)))
    for reason in ("newer CPU", "Thumb-2", "floating-point unit", "NEON", "not have movw", "not have dmb"):
        assert reason in found


def test_an_instruction_is_found_whatever_the_attributes_say(link: Link) -> None:
    hidden = link(*PI_ZERO, code=f'void hidden(void) {{ __asm__(".inst {MOVW:#x}"); }}')
    (complaint,) = elf.complaints("pi-zero", hidden)
    assert "not have movw" in complaint


def test_constants_among_the_code_are_no_instructions(link: Link) -> None:
    constant = f'void constant(void) {{ __asm__("b 1f\\n.word {MOVW:#x}\\n1:"); }}'
    assert elf.complaints("pi-zero", link(*PI_ZERO, code=constant)) == []


def test_thumb_code_is_found(link: Link) -> None:
    thumb = '__attribute__((target("thumb"))) int thumb(int x) { return x * 3; }'
    assert any("Thumb" in complaint for complaint in elf.complaints("pi-zero", link(*PI_ZERO, code=thumb)))


@pytest.mark.parametrize(
    ("flags", "code", "complaint"),
    [
        (["-target", "aarch64-linux-gnu.2.28"], "", "it is for AARCH64, not ARM"),
        (["-target", "arm-linux-gnueabi.2.28", "-mcpu=arm1176jzf_s"], "", "as soft float does"),
        ([*PI_ZERO, "-Wl,-rpath,/opt"], "", "its own library search path"),
        ([*PI_ZERO, "-Wl,-z,notext"], '__asm__(".globl f\\nf: .word puts");', "text relocations"),
        (
            ["-target", "arm-linux-gnueabihf.2.34", "-mcpu=arm1176jzf_s"],
            "int pthread_detach(unsigned long); int f(void) { return pthread_detach(0); }",
            "it needs GLIBC_2.34; devices have at least 2.28",
        ),
    ],
)
def test_what_a_device_lacks_is_named(link: Link, flags: list[str], code: str, complaint: str) -> None:
    found = elf.complaints("pi-zero", link(*flags, code=code or "int f(void) { return 1; }"))
    assert any(complaint in each for each in found), found


def test_an_executable_stack_is_named(link: Link) -> None:
    library = link(*PI_ZERO)
    with open(library, "r+b") as stream:
        parsed = ELFFile(stream)
        kinds = [segment["p_type"] for segment in parsed.iter_segments()]
        header = parsed["e_phoff"] + parsed["e_phentsize"] * kinds.index("PT_GNU_STACK")
        stream.seek(header + P_FLAGS_OFFSET)
        stream.write(struct.pack("<I", P_FLAGS.PF_R | P_FLAGS.PF_W | P_FLAGS.PF_X))
    assert "executable stack" in elf.complaints("pi-zero", library)[0]


def test_a_library_that_devices_lack_is_named(link: Link, tmp_path: Path) -> None:
    other = link(*PI_ZERO, "-Wl,-soname,libother.so.1", code="int other(void) { return 1; }")
    other.rename(tmp_path / "libother.so")
    code = "int other(void); int f(void) { return other(); }"
    (complaint,) = elf.complaints("pi-zero", link(*PI_ZERO, f"-L{tmp_path}", "-lother", code=code))
    assert "libother.so.1" in complaint


def test_without_symbols_nothing_is_judged(link: Link) -> None:
    with pytest.raises(elf.NotChecked, match="no symbols"):
        elf.complaints("pi-zero", link(*PI_ZERO, "-Wl,--strip-all"))


def test_symbols_of_another_program_are_refused(link: Link, tmp_path: Path) -> None:
    other = link(*PI_ZERO, code="int f(void) { return 1; }").rename(tmp_path / "other.so")
    with pytest.raises(elf.NotChecked, match="is a different program"):
        elf.complaints("pi-zero", link(*PI_ZERO), other)


def test_the_command_line_exits_by_the_verdict(link: Link, capsys: pytest.CaptureFixture[str]) -> None:
    assert elf.main(["pi-zero", str(link(*PI_ZERO))]) == 0
    assert elf.main(["pi-zero", str(link(*PI_2))]) == 1
    assert elf.main(["pi-zero", __file__]) == 2
    assert "is not an ELF file" in capsys.readouterr().err
