"""The exponential of numbers that are not positive, in a form that whole vectors are computed in.

The system's function takes one number at a time. Here x = k log 2 + r with a whole number k and
|r| ≤ (log 2) / 2; exp r is a Taylor polynomial, and k goes into the exponent's bits. (Cody & Waite,
*Software Manual for the Elementary Functions*, 1980.) All arithmetic is the same in each place of
an array, so that the bits of a result depend on its argument alone.
"""

import math

import numpy as np

from twotower.kernels.compiled import exact

LOWEST = -708.0
"""Below it results are no longer full numbers; they are 0 here."""

_PER_LOG2 = 1.0 / math.log(2.0)
_LONG = 0.693147180369123816490  # log 2 in 32 bits, so that its product with k is exact
_SHORT = 1.90821492927058770002e-10  # the rest of log 2
_C2, _C3, _C4, _C5, _C6, _C7 = (1.0 / math.factorial(k) for k in range(2, 8))
_C8, _C9, _C10, _C11, _C12, _C13 = (1.0 / math.factorial(k) for k in range(8, 14))


@exact
def exponentials(values, top, count, out):
    """Write exp(values − top) for the first `count` values, all at most `top`, float64.

    The relative error is below 3e-16. What is no number stays none.
    """
    bits = out.view(np.int64)
    for i in range(count):
        x = values[i] - top
        x = LOWEST if x < LOWEST else x
        k = np.floor(x * _PER_LOG2 + 0.5)
        bits[i] = (np.int64(np.int32(k)) + 1023) << 52
        r = (x - k * _LONG) - k * _SHORT
        s = r * r
        low = (1.0 + r) + s * (_C2 + r * _C3)
        middle = (_C4 + r * _C5) + s * (_C6 + r * _C7)
        high = (_C8 + r * _C9) + s * ((_C10 + r * _C11) + s * (_C12 + r * _C13))
        q = s * s
        out[i] *= low + q * (middle + q * high)
