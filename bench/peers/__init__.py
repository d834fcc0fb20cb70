"""The same call of the same component, through Edge and PyPI `wasmtime`, each in a process of its own.

Both print one JSON object: `answer`, `seconds` from before the first import to the answer, `warm_seconds` of
one more call, and `peak_kb` (VmHWM).
"""
