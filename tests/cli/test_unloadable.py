"""What no device could ever load: every command says so, with what helps, before it compiles."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest

from tests.support.limits_guest import wasm as assembled

Edge = Callable[..., Any]

FUNCTION = '(export "f{number}" (func))'
TOOL = """(component {imports}
  (core module $m (func (export "f") (result i32) unreachable) (memory (export "memory") 1))
  (core instance $i (instantiate $m))
  (func $name (result string) (canon lift (core func $i "f") (memory (core memory $i "memory"))))
  (component $tool (import "name" (func $name (result string))) (export "name" (func $name)))
  (instance $tool (instantiate $tool (with "name" (func $name))))
  (export "zeroclaw:plugin/tool@0.1.0" (instance $tool)))"""


def importing(name: str, functions: int = 30) -> str:
    listed = " ".join(FUNCTION.format(number=number) for number in range(functions))
    return f'(import "{name}" (instance {listed}))'


def core(text: str) -> str:
    """A component around a core function."""
    return f"""(component (core module $m (func (export "run") {text}) )
      (core instance $i (instantiate $m)) (func (export "run") (canon lift (core func $i "run"))))"""


ASYNC = (Path(__file__).parent.parent / "hostile/plugins/async-export.wat").read_text()
MEMORY_SHARED = "(component (core module (memory 1 1 shared)))"
ATOMIC = "(component (core module (memory 1) (func (drop (i32.atomic.load (i32.const 0))))))"
GC = "(component (core module (type (struct (field i32))) (func (drop (struct.new_default 0)))))"
EXCEPTION = "(component (core module (tag (param i32)) (func (throw 0 (i32.const 1)))))"
PREVIEW_1 = (
    '(module (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32))))'
)
EXTISM = '(module (import "extism:host/env" "input_length" (func (result i64))))'
BROWSER = '(module (import "wbg" "__wbindgen_throw" (func (param i32 i32))))'

# What it is, the kind that `inspect` shows, what the message says, what the remedy says.
CASES = {
    "simd": (core("(drop (i32x4.splat (i32.const 1)))"), "component", "SIMD", "without SIMD"),
    "shared memory": (MEMORY_SHARED, "component", "threads", "without threads"),
    "atomics": (ATOMIC, "component", "threads", "without threads"),
    "gc": (GC, "component", "garbage-collected types", "manages memory itself"),
    "exceptions": (EXCEPTION, "component", "exceptions", "-fno-exceptions"),
    "async": (ASYNC, "component", "asynchronous", "wasm32-wasip2"),
    "wasi 0.3": (
        f"(component {importing('wasi:cli/stdout@0.3.0')})",
        "component",
        "newer WASI",
        "wasm32-wasip2",
    ),
    "wasi:http": (
        f"(component {importing('wasi:http/types@0.2.3')} {importing('wasi:http/handler@0.2.3', 1)})",
        "component",
        "provide: wasi:http/types@0.2.3, wasi:http/handler@0.2.3",
        "without them",
    ),
    "wasi:keyvalue": (
        f"(component {importing('wasi:keyvalue/store@0.2.0-draft')})",
        "component",
        "wasi:keyvalue/store",
        "without them",
    ),
    "a later contract": (
        TOOL.format(imports=importing("zeroclaw:plugin/state@0.1.0")),
        "component",
        "provide: zeroclaw:plugin/state@0.1.0",
        "wit/",
    ),
    "a later function": (
        TOOL.format(imports='(import "zeroclaw:plugin/secrets@0.1.0" (instance (export "put" (func))))'),
        "component",
        "provide: zeroclaw:plugin/secrets@0.1.0#put",
        "wit/",
    ),
    "another host's interface": (
        TOOL.format(imports=importing("acme:host/api")),
        "component",
        "provide: acme:host/api",
        "a world of wit/",
    ),
    "preview 1": (PREVIEW_1, "core module", "preview 1 of WASI", "bindings"),
    "extism": (EXTISM, "core module", "built for Extism", "bindings"),
    "browsers": (BROWSER, "core module", "wasm-bindgen", "bindings"),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[str, str, str, str]:
    return CASES[request.param]


def test_every_command_refuses_it_with_the_same_sentence(
    edge: Edge, tmp_path: Path, case: tuple[str, str, str, str]
) -> None:
    text, kind, message, remedy = case
    path = tmp_path / "a.wasm"
    path.write_bytes(assembled(text))
    (tmp_path / "manifest.toml").write_text(
        'name = "a"\nversion = "1.0.0"\nwasm_path = "a.wasm"\ncapabilities = []\n'
    )
    seen = edge("inspect", path, "--json")
    assert (seen.status, seen.document["kind"]) == (3, kind)
    said = {(seen.document["problem"], seen.document["remedy"])}
    for words in (
        ("compile", path, "--target", "pi-zero", "-o", tmp_path),
        ("run", path, "{}"),
        ("pack", tmp_path, "-o", tmp_path / "a.edge"),
        ("install", f"{tmp_path}/", "--yes"),
    ):
        ran = edge(*words, "--json")
        assert ran.status == 3
        error = ran.document["error"]
        # What is inspected is named beside the problem.
        said.add((error["message"].removeprefix("a.wasm: "), error["remedy"]))
    ((told, help_),) = said
    assert message in told
    assert remedy in help_
    assert sorted(found.name for found in tmp_path.iterdir() if found.is_file()) == [
        "a.wasm",
        "manifest.toml",
    ]


@pytest.mark.parametrize(
    ("module", "message", "remedy"),
    [
        ("wasi_snapshot_preview1", "for preview 1 of WASI (wasi_snapshot_preview1)", "wasm32-wasip2"),
        ("__main_module__", "an adapter for preview 1 of WASI", "--adapt"),
    ],
)
def test_preview_1_with_component_metadata_is_not_called_damaged(
    edge: Edge, wasm: Callable[[str], Path], tmp_path: Path, module: str, message: str, remedy: str
) -> None:
    given = wasm("cron-next").read_bytes()
    # The section with the world stands at the end: its kind, two bytes of length, and one of its name's.
    metadata = given[given.index(b"component-type") - 4 :]
    path = tmp_path / "a.wasm"
    path.write_bytes(assembled(PREVIEW_1.replace("wasi_snapshot_preview1", module)) + metadata)
    for words in (("inspect", path), ("compile", path, "--target", "pi-zero"), ("run", path, "{}")):
        ran = edge(*words)
        assert ran.status == 3
        assert message in ran.out + ran.err
        assert remedy in ran.out + ran.err


def test_an_application_may_provide_what_a_component_of_its_own_imports(edge: Edge, tmp_path: Path) -> None:
    path = tmp_path / "a.wasm"
    path.write_bytes(assembled(f"(component {importing('acme:host/api')})"))
    assert edge("inspect", path).status == 0
    assert edge("compile", path, "--target", "pi-zero", "-o", tmp_path).status == 0


@pytest.mark.parametrize("kind", ["channel", "memory"])
def test_a_plugin_without_a_tool_is_not_run(
    edge: Edge, artifact: Callable[[str], Path], wasm: Callable[[str], Path], kind: str
) -> None:
    for path in (artifact(kind), wasm(kind)):
        ran = edge("run", path, "{}", "--json")
        assert (ran.status, ran.document["error"]["kind"]) == (2, "NoSuchTool")
        assert f"is a {kind} plugin" in ran.document["error"]["message"]
        assert "instance()" in ran.document["error"]["remedy"]
