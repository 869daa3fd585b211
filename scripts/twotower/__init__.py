"""Rates of convergence of two-tower recommenders, measured against theory.

Importing the package pins every numerical library to one thread and one instruction set, which
must happen before numpy or torch are first imported: the same numbers then come out whatever the
number of cores (see `twotower.base.pins`).
"""

from twotower.base import pins

pins.apply()
