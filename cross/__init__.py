"""Building for, and trying on, machines other than this one."""
