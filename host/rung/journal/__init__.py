"""The durable record of one desk.

``format`` says what is hashed, ``store`` keeps the file (``schema`` sets it up, ``anew`` begins another where it cannot
go on), ``verify`` checks it and ``reading`` gets it there, ``heads`` and ``signing`` sign its end. What names a caller
is sealed (``sealing``) with keys that can be erased (``vault``).
"""
