"""The durable record of one desk.

``format`` says what is hashed, ``store`` keeps the file (``schema`` sets it up), ``verify`` checks it.
"""
