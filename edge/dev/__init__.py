"""What only a machine for developing plugins does; nothing here is shipped to a device."""
