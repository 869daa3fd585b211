"""The oracle start: towers fitted to more ratings than a fit has, without their noise.

It is fitted by `erm` with the settings of `ORACLE` to `ORACLE_SIZES` times the ratings, as far as
there are so many. Each arm then trains from it as it does from its own start.
"""

ORACLE = {"alternations": 2, "joint_steps": 30}
ORACLE_SIZES = 4
