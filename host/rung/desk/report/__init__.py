"""The report of an incident, out of the record: ``model``, ``reading`` it, and showing it: ``page``, ``pdf``."""
