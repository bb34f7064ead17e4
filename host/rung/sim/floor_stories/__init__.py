"""The stories on a small floor: every rung of every policy, the supervisors' too."""

from rung.sim.floor_stories import advise_and_warn, end_with_care, hang_up_protocol, no_hang_up, warm_transfer
from rung.sim.scene import Story

_ROOMS = (no_hang_up, warm_transfer, hang_up_protocol, end_with_care, advise_and_warn)
FLOOR_STORIES: tuple[Story, ...] = tuple(
    found for room in _ROOMS for found in vars(room).values() if isinstance(found, Story)
)
