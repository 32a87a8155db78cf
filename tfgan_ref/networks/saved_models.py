"""Loads SavedModels, which are programs, and refuses those that would touch files or run Python."""

from pathlib import Path

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import saved_model_pb2

from tfgan_ref.errors import InputError

# What a network has no use for, by the beginnings of the operations' names. Saving and restoring variables,
# which every SavedModel can do, take paths from their caller.
FORBIDDEN = (
    "PyFunc", "EagerPyFunc", "WriteFile", "ReadFile", "MatchingFiles", "TextLineReader", "TFRecordReader",
    "WholeFileReader", "FixedLengthRecordReader", "SaveDataset", "LoadDataset", "CreateSummaryFileWriter",
    "InitializeTableFromTextFile", "TextLineDataset", "TFRecordDataset", "FixedLengthRecordDataset",
)  # fmt: skip


def load_saved_model(path: Path) -> tf.Module:
    """Loads a SavedModel after a check of its operations.

    Raises:
        InputError: it has operations that touch files or run Python code.
        OSError, KeyError, ValueError, tf.errors.OpError: it cannot be read.
    """
    try:
        model = saved_model_pb2.SavedModel.FromString((path / "saved_model.pb").read_bytes())
    except DecodeError as error:
        raise ValueError("saved_model.pb is damaged") from error
    for graph in (part.graph_def for part in model.meta_graphs):
        for nodes in (graph.node, *(function.node_def for function in graph.library.function)):
            for node in nodes:
                if node.op.startswith(FORBIDDEN):
                    raise InputError(
                        f"{path} has an operation {node.op}, which a network has no use for: it is not run"
                    )
    return tf.saved_model.load(str(path))
