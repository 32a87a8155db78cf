"""SavedModels that need TensorFlow and none of this package's code."""
