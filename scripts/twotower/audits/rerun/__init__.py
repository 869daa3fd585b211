"""Does a sealed study come out again? A rerun in a clean clone, and its judgement."""
