"""What fits, data and risks cost before they are made: operations counted from the code."""
