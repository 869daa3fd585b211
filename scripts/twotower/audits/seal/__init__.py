"""The manifest of a finished study, its signature and time stamps; what is stated before a run."""
