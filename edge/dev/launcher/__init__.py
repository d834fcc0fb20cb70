"""What an archive of Edge starts with, and how its modules are imported on a device."""
