"""Many boxes at once: what is put on them, which ones there are, and whose key is where."""
