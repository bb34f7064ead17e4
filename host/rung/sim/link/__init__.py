"""The link simulator: both real ends of `rung_wire` in a world of faults that one seed repeats.

First the world is bad: the line loses, repeats, reorders, breaks and invents bytes and tells recorded ones again, as
they were or forged; boxes are reset, bridges killed and stalled, cables pulled, clocks drift and wrap. Each world has a
choice of these. Then it heals, and within HEAL_MS both ends must agree. What must always hold is checked at every step.
Canaries, each with one rule broken, show that the checks can fail.
"""
