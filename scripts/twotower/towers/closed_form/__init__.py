"""The closed-form start: random ReLU features, a spectral fit, alternating least squares."""
