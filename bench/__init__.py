"""Measurements of Edge: budgets on the emulated board, and a comparison with PyPI `wasmtime`."""
