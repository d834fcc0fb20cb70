"""What people do with plugins, decided here: a command line or a service parses, asks and prints.

Each function takes what was decided by a person as arguments (`consent`) and progress as a function (`say`).
"""
