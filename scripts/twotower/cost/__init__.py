"""What a study will cost: operations, memory, time, and what its jobs ask for."""
