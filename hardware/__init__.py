"""The box as an electrical thing: its circuit as code, the rules it keeps, and the papers that follow from it.

`python -m hardware` writes the papers, `python -m hardware check` holds every circuit to the rules.
"""
