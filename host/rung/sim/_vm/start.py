__import__("_life").run()  # one line, no name: what stands here is what the REPL's user finds
