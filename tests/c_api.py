"""TensorFlow's C API, by which TensorFlow Serving, Java, Go and Rust load SavedModels."""

import ctypes
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

LIBRARIES = sorted(Path(tf.__file__).parent.glob("libtensorflow_cc.*"))
RESULTS = {
    "TF_NewStatus": ctypes.c_void_p, "TF_NewGraph": ctypes.c_void_p, "TF_NewSessionOptions": ctypes.c_void_p,
    "TF_LoadSessionFromSavedModel": ctypes.c_void_p, "TF_GraphOperationByName": ctypes.c_void_p,
    "TF_AllocateTensor": ctypes.c_void_p, "TF_TensorData": ctypes.c_void_p, "TF_Message": ctypes.c_char_p,
    "TF_GetCode": ctypes.c_int, "TF_NumDims": ctypes.c_int, "TF_Dim": ctypes.c_int64,
    "TF_TensorType": ctypes.c_int, "TF_TensorByteSize": ctypes.c_size_t,
}  # fmt: skip


class Output(ctypes.Structure):
    """TF_Output."""

    _fields_ = (("operation", ctypes.c_void_p), ("index", ctypes.c_int))


def signature_of(path, name):
    """The names of a signature's input and output tensors, by their keys."""
    model = saved_model_pb2.SavedModel.FromString((path / "saved_model.pb").read_bytes())
    signature = model.meta_graphs[0].signature_def[name]
    return tuple(
        {key: tensor.name for key, tensor in side.items()} for side in (signature.inputs, signature.outputs)
    )


def run_in_c(path, name, given):
    """Runs a signature with one output on arrays by their keys; of strings, only the shape is returned."""
    library = ctypes.CDLL(str(LIBRARIES[0]))
    for function, kind in RESULTS.items():
        getattr(library, function).restype = kind

    def call(function, *arguments):
        pointers = [ctypes.c_void_p(each) if isinstance(each, int) else each for each in arguments]
        return getattr(library, function)(*pointers)

    def check():
        assert call("TF_GetCode", status) == 0, call("TF_Message", status).decode()

    def output_of(tensor):
        operation, _, index = tensor.partition(":")
        found = call("TF_GraphOperationByName", graph, operation.encode())
        assert found, tensor
        return Output(found, int(index))

    status, graph, options = call("TF_NewStatus"), call("TF_NewGraph"), call("TF_NewSessionOptions")
    tags = (ctypes.c_char_p * 1)(b"serve")
    session = call(
        "TF_LoadSessionFromSavedModel", options, None, str(path).encode(), tags, ctypes.c_int(1), graph, None,
        status,
    )  # fmt: skip
    check()
    inputs, outputs = signature_of(path, name)
    tensors = []
    for array in given.values():
        shape = (ctypes.c_int64 * array.ndim)(*array.shape)
        kind = ctypes.c_int(tf.as_dtype(array.dtype).as_datatype_enum)
        size = ctypes.c_size_t(array.nbytes)
        tensors.append(call("TF_AllocateTensor", kind, shape, ctypes.c_int(array.ndim), size))
        ctypes.memmove(call("TF_TensorData", tensors[-1]), array.tobytes(), array.nbytes)
    fed = (Output * len(given))(*(output_of(inputs[key]) for key in given))
    fetched = (Output * 1)(*(output_of(tensor) for tensor in outputs.values()))
    values, made = (ctypes.c_void_p * len(given))(*tensors), (ctypes.c_void_p * 1)()
    call(
        "TF_SessionRun", session, None, fed, values, ctypes.c_int(len(given)), fetched, made, ctypes.c_int(1),
        None, ctypes.c_int(0), None, status,
    )  # fmt: skip
    check()
    result = _array(call, made[0])
    for tensor in (*tensors, made[0]):
        call("TF_DeleteTensor", tensor)
    call("TF_CloseSession", session, status)
    call("TF_DeleteSession", session, status)
    call("TF_DeleteGraph", graph)
    call("TF_DeleteSessionOptions", options)
    call("TF_DeleteStatus", status)
    return result


def _array(call, tensor):
    shape = [call("TF_Dim", tensor, ctypes.c_int(axis)) for axis in range(call("TF_NumDims", tensor))]
    kind = tf.as_dtype(call("TF_TensorType", tensor))
    if kind == tf.string:
        return shape
    content = ctypes.string_at(call("TF_TensorData", tensor), call("TF_TensorByteSize", tensor))
    return np.frombuffer(content, kind.as_numpy_dtype).reshape(shape)
