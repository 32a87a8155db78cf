"""Networks that make or judge single images."""
