"""The generated data of a study as a Croissant description."""
