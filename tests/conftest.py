"""What holds for every test."""

from hypothesis import settings

# Machines that test this are slow and shared: no test is about how long it takes. A failure prints
# the blob that repeats it.
settings.register_profile("rung", deadline=None, print_blob=True)
settings.load_profile("rung")
