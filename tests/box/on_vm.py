"""Runs in MicroPython: plays from stdin, one JSON line each, what they send to stdout."""

import json
import sys

sys.path[:] = sys.argv[1:3]  # the firmware, and this folder

from replay import Replay  # noqa: E402

for line in sys.stdin:
    play = json.loads(line)
    replay = Replay(play["start_ms"], play["lag_ms"], play["held"])
    sent = replay.play(play["steps"])
    print(json.dumps([sent, sorted(replay.refused)]))
