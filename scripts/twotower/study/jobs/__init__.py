"""The jobs of a study: which there are, what each depends on and what it reads."""
