"""Study files: schema, reading, complaints, the grid of cells and arms, decision rules."""
