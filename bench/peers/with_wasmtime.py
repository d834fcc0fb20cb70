"""usage: with_wasmtime.py build COMPONENT COMPILED | run COMPILED ARGUMENTS."""

import time

started = time.perf_counter()

import sys  # noqa: E402

from wasmtime import Engine, Store, component  # noqa: E402

LOGGING = "zeroclaw:plugin/logging@0.1.0"
TOOL = "zeroclaw:plugin/tool@0.1.0"


def build(source: str, compiled: str) -> None:
    """Compiles once, as users of wasmtime do for a fast start."""
    with open(source, "rb") as file, open(compiled, "wb") as out:
        out.write(component.Component(Engine(), file.read()).serialize())


def execute(engine: Engine, linker: component.Linker, plugin: component.Component, arguments: str) -> str:
    """One call in a fresh instance."""
    store = Store(engine)
    instance = linker.instantiate(store, plugin)
    tool = instance.get_export_index(store, TOOL)
    index = instance.get_export_index(store, "execute", tool)
    assert index is not None, "the component is not a tool"
    function = instance.get_func(store, index)
    assert function is not None
    return str(function(store, arguments).output)


def run(compiled: str, arguments: str) -> None:
    """Loads, calls and prints the result."""
    engine = Engine()
    plugin = component.Component.deserialize_file(engine, compiled)
    linker = component.Linker(engine)
    with linker.root() as root, root.add_instance(LOGGING) as logging:
        logging.add_func("log-record", lambda _store, _level, _event: None)
    answer = execute(engine, linker, plugin, arguments)
    seconds = time.perf_counter() - started
    again = time.perf_counter()
    execute(engine, linker, plugin, arguments)
    warm = time.perf_counter() - again

    import json

    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    print(json.dumps({"answer": answer, "seconds": seconds, "warm_seconds": warm, "peak_kb": peak}))


if __name__ == "__main__":
    {"build": build, "run": run}[sys.argv[1]](*sys.argv[2:])
