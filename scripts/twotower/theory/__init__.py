"""The bound, widths, spectra of targets and Fourier sums."""
