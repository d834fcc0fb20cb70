"""Figures of the emulated Pi Zero: virtual time, memory as VmHWM."""
