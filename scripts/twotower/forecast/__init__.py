"""How many ratings a wanted error needs: a curve through a pilot, continued."""
