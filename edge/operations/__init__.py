"""Operations on plugins. A command line or a service parses arguments, asks for consent and shows results.

Functions take a person's decisions as arguments (`consent`), and a function for progress messages (`say`).
"""
