"""What limits a recommender: a small factorial of the user's own towers, taken apart."""
