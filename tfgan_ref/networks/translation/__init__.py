"""Networks that turn pictures into pictures, and their discriminators."""
