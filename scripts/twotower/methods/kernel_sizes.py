"""Numbers of ratings at which kernel ridge is fitted in another way.

They stand here, since the cost of a study asks for them without loading scikit-learn.
"""

MOST_EXACT = 2048
"""Most ratings on which kernel ridge regression is solved exactly: it takes n² numbers and n³
operations. With more, the kernel is approximated from `LANDMARKS` of them (Nyström)."""

LANDMARKS = 1024
