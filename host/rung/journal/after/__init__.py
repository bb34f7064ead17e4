"""After the call: what the record tells of cases, what is still due on each, and who may do what about it. Pure."""
