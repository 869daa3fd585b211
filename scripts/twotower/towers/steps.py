"""The setting that counts the training steps of each arm; the cost of a study needs no torch."""

STEPS = {"erm": "joint_steps", "adam": "steps", "pairwise": "joint_steps"}
"""By arm, the key of its settings."""


def with_doubled_steps(arm: str, settings: dict) -> dict:
    """The arm's settings with twice the steps, for the optimization certificate."""
    return settings | {STEPS[arm]: 2 * settings[STEPS[arm]]}
