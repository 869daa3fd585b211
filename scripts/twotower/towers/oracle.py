"""The oracle start: towers fitted to more ratings than a fit has, without their noise.

The arm `erm` fits these towers, with the settings of `ORACLE`, to `ORACLE_SIZES` times the ratings,
or to all of them where a study has fewer. Each arm then trains from them as from its own start.
This module needs no torch, since the cost of a study is planned with it.
"""

ORACLE = {"alternations": 2, "joint_steps": 30}
ORACLE_SIZES = 4
