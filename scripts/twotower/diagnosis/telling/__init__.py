"""What a diagnosis tells: the screen, the page and the picture."""
