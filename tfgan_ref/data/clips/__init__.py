"""Animation clips of characters: drawn figures, and readers of sprites."""
