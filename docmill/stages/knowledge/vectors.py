"""The arrays that embedding gives."""

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
"""Shape (n, dimensions), each row of length 1."""

Done = npt.NDArray[np.bool_]
"""Shape (n,): whether a text has a vector."""
