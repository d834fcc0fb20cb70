"""Functions of development machines only; nothing here is shipped to a device."""
