"""What Edge costs, measured: budgets on the emulated board, and a comparison with PyPI `wasmtime`."""
