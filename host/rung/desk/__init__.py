"""One desk: input → step → journal → acknowledgement, effects to the phone, lamps to the box."""
