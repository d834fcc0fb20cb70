"""The check that every library passes before it ships: `python -m cross.elf TARGET FILE`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from elftools.common.exceptions import ELFError
from elftools.elf.constants import P_FLAGS
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection
from elftools.elf.sections import ARMAttributesSection

from cross import armv6, targets
from cross.targets import Elf, UnknownTarget

# Tag_CPU_arch, oldest first up to the ARM1176; the numbers are in the order of Arm's publications.
CPU_ARCHS = {0: "pre-v4", 1: "v4", 2: "v4T", 3: "v5T", 4: "v5TE", 5: "v5TEJ", 6: "v6", 9: "v6K", 7: "v6KZ"}
THUMB_1 = 1
VFP_2 = 2
HARD_FLOAT = 1

# Libraries of every glibc system, with a version after `.so`.
LIBRARIES = ("libc.so", "libm.so", "libdl.so", "libpthread.so", "librt.so", "ld-linux")

DF_TEXTREL = 0x4
SHOWN = 3


class NotChecked(Exception):
    """The file cannot be judged; the message has the reason."""


def complaints(target: str, file: Path, unstripped: Path | None = None) -> list[str]:
    """The problems of `file` as a library or program for `target`; if there are none, it may ship.

    `unstripped` is the same file with its symbols, which distinguish instructions from constants.
    """
    wanted = targets.get(target).elf
    if wanted is None:
        raise UnknownTarget(f"targets.toml has no ELF rules for {target}")
    try:
        with open(file, "rb") as stream:
            elf = ELFFile(stream)
            found = [*_machine(elf, wanted), *_linking(elf), *_glibc(elf, wanted), *_memory(elf)]
            if wanted.max_cpu_arch is not None:
                found += [*_attributes(elf, wanted), *_instructions(elf, unstripped or file)]
    except ELFError as error:
        raise NotChecked(f"{file} is not an ELF file: {error}") from None
    return found


def _machine(elf: ELFFile, wanted: Elf) -> Iterator[str]:
    machine = elf["e_machine"].removeprefix("EM_")
    if machine != wanted.machine:
        yield f"it is for {machine}, not {wanted.machine}"


def _linking(elf: ELFFile) -> Iterator[str]:
    tag: Any  # The name of a tag's value depends on the tag.
    for section in elf.iter_sections():
        for tag in section.iter_tags() if isinstance(section, DynamicSection) else ():
            kind = tag["d_tag"]
            if kind == "DT_NEEDED" and not tag.needed.startswith(LIBRARIES):
                yield f"it needs {tag.needed}, which devices may lack"
            if kind in ("DT_RPATH", "DT_RUNPATH"):
                yield f"it sets its own library search path ({kind})"
            if kind == "DT_TEXTREL" or (kind == "DT_FLAGS" and tag["d_val"] & DF_TEXTREL):
                yield "its code needs text relocations"


def _glibc(elf: ELFFile, wanted: Elf) -> Iterator[str]:
    newest = _number(wanted.max_glibc)
    for section in elf.iter_sections():
        if not isinstance(section, GNUVerNeedSection):
            continue
        for _, versions in section.iter_versions():
            for version in versions:
                name, _, number = version.name.partition("_")
                if name == "GLIBC" and (number == "PRIVATE" or _number(number) > newest):
                    yield f"it needs {version.name}; devices have at least {wanted.max_glibc}"


def _memory(elf: ELFFile) -> Iterator[str]:
    stacks = [segment for segment in elf.iter_segments() if segment["p_type"] == "PT_GNU_STACK"]
    if not stacks or any(segment["p_flags"] & P_FLAGS.PF_X for segment in stacks):
        yield "it requests an executable stack"
    both = P_FLAGS.PF_W | P_FLAGS.PF_X
    if any(segment["p_flags"] & both == both for segment in elf.iter_segments()):
        yield "it has memory that is writable and executable"


def _attributes(elf: ELFFile, wanted: Elf) -> Iterator[str]:
    sections = [section for section in elf.iter_sections() if isinstance(section, ARMAttributesSection)]
    if not sections:
        yield "it does not state its CPU (no .ARM.attributes)"
        return
    values = {
        attribute.tag: attribute.value
        for subsection in sections[0].iter_subsections()
        for part in subsection.iter_subsubsections()
        for attribute in part.iter_attributes()
    }
    known = list(CPU_ARCHS.values())
    arch = CPU_ARCHS.get(values.get("TAG_CPU_ARCH", 0))
    if arch is None or known.index(arch) > known.index(wanted.max_cpu_arch or ""):
        yield f"it is for a newer CPU than {wanted.max_cpu_arch} (Tag_CPU_arch {values.get('TAG_CPU_ARCH')})"
    if values.get("TAG_THUMB_ISA_USE", 0) > THUMB_1:
        yield "it uses Thumb-2"
    if values.get("TAG_FP_ARCH", 0) > VFP_2:
        yield f"it uses a newer floating-point unit than VFPv2 (Tag_FP_arch {values['TAG_FP_ARCH']})"
    if values.get("TAG_ADVANCED_SIMD_ARCH", 0):
        yield "it uses NEON"
    is_hard = values.get("TAG_ABI_VFP_ARGS", 0) == HARD_FLOAT
    if is_hard != (wanted.float_abi == "hard"):
        yield f"it passes floats as {'hard' if is_hard else 'soft'} float does, not {wanted.float_abi}"


def _instructions(elf: ELFFile, unstripped: Path) -> Iterator[str]:
    """Attributes are the compiler's claims; this checks the code itself."""
    with open(unstripped, "rb") as stream:
        full = ELFFile(stream)
        if full.get_section_by_name(".symtab") is None:
            raise NotChecked(f"{unstripped} has no symbols: use the file from before stripping")
        if _code(full) != _code(elf):
            raise NotChecked(f"{unstripped} is a different program")
        found = list(armv6.foreign(full))
    for address, name in found[:SHOWN]:
        yield f"an ARM1176 does not have {name} ({address:#x}, one of {len(found)} such instructions)"


def _code(elf: ELFFile) -> list[bytes]:
    return [section.data() for section in armv6.executable(elf)]


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the problems of the file; exits with 0 if there are none, otherwise with 1."""
    parser = argparse.ArgumentParser(prog="python -m cross.elf", description=__doc__)
    parser.add_argument("target", choices=[name for name, row in targets.table().items() if row.elf])
    parser.add_argument("file", type=Path)
    parser.add_argument("--unstripped", type=Path, help="the same file before its symbols were stripped")
    options = parser.parse_args(arguments)
    try:
        found = complaints(options.target, options.file, options.unstripped)
    except (NotChecked, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    for complaint in found:
        print(f"{options.file}: {complaint}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
