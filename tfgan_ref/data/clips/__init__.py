"""Animation clips of characters: where they are read from, and figures that are drawn."""
