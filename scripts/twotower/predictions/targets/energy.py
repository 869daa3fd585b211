"""Energy of a target that two towers keep and leave out, from second moments.

E R*² = tr(M_u M_i), M_u and M_i the second moments E[f* f*ᵀ] [..., p, p] of the true embeddings. A
projection of a tower on functions of its own splits its moment in two, what is kept and the rest.
"""

import numpy as np


def lost(
    user_kept: np.ndarray, user_rest: np.ndarray, item_kept: np.ndarray, item_rest: np.ndarray
) -> np.ndarray:
    """Energy left out, [...]: tr(M_u M_i) less that of what is kept, without cancellation."""
    item = item_kept + item_rest
    return (user_rest * item).sum(axis=(-2, -1)) + (user_kept * item_rest).sum(axis=(-2, -1))


def strengths(user: np.ndarray, item: np.ndarray) -> np.ndarray:
    """Energies of the components of ⟨f, f̃⟩ with these moments, [..., p], the strongest first.

    The squared singular values of ⟨f, f̃⟩ as an operator between the towers are the eigenvalues of
    M_u M_i, and truncation to the largest is the best fit of that rank (Eckart & Young 1936).
    """
    found = np.sort(np.linalg.eigvals(user @ item).real, axis=-1)[..., ::-1]
    return np.maximum(found, 0.0)
