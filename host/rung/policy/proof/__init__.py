"""Theory of the proof: what is walked, what is not, and why that is enough.

The decider is `policy.step`, and the proof takes it as it is: no model of it, no second step. What is made small is the
world that it is walked through.

1. *The fold* (`fold`, `grounds`, `reads`). Of all desks that the policy's tables cannot tell apart, one is walked.
   Chance shows that a desk and its fold take the same step (`tests/policy/test_fold.py`), so any two of a class do.
2. *The walk* (`walk`, `moves`, `timers`). From the beginning of a call, over every class that is reached. Each wait may
   run out before any other: more than can happen, never less. Every way between two classes is kept (`paths`), so a
   breach comes with a shortest sequence, whichever walk found it first.
3. *The parts.* A whole call is a ladder, perhaps an ask, perhaps supervisors in it, perhaps something in the way. Their
   product is far too large, and needless: each part is walked by itself, with the others in the few states in which
   they matter to it. `ladder`: one person's rungs, with every outcome of an ask. `asking`: an ask from tap to end.
   `company`: supervisors who are called, come in, and act. `disturbed`: every state of the ladder with one thing in the
   way. `handover`: each case sent to another desk and back. What a part leaves behind must be a state of the ladder
   that is known, or the ladder is walked on from there. That nothing reaches a state of the ladder that was not
   walked, with everything happening at once, is shown by chance as well.
4. *The judge* (`judge`, `properties`, `looks`). Each single step is held against an account that is kept from the
   record's events, and against the tables, read by other code than the step's. Each state is held against what its
   presses did. A breach of a step is played once more with real waits and no fold, over two desks where it goes there,
   and made shorter as long as it comes about (`witness`).

Not walked: two things in the way at once, several lines with a case each, grounds that a supervisor who has left
declared (they count like the agent's own, who cannot take them back), late news of a consult that is over. Chance plays
all of these but the lines, which have tests of their own.
"""

from rung.policy.proof.properties import SENTENCES
from rung.policy.proof.prove import Proof, prove
from rung.policy.proof.refusal import proved
from rung.policy.proof.walk import MOST
from rung.policy.proof.witness import Breach

__all__ = ["MOST", "SENTENCES", "Breach", "Proof", "prove", "proved"]
