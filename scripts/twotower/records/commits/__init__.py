"""What a commit holds of the code that results depend on, and what a project has otherwise."""
