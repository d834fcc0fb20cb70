"""The start-up code of a bundle, and the import of its modules on a device."""
