"""TFRecord files of encoded pictures, for tests."""

import tensorflow as tf


def example(content, label=None, picture_key="image", label_key="label", **others):
    """Serialises an example of an encoded picture, its class, if any, and ``others``, lists of bytes."""
    feature = {
        key: tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
        for key, values in {picture_key: [content], **others}.items()
    }
    if label is not None:
        feature[label_key] = tf.train.Feature(int64_list=tf.train.Int64List(value=[label]))
    return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()


def write(path, examples):
    """Writes serialised examples; returns the name of the data set."""
    with tf.io.TFRecordWriter(str(path)) as file:
        for serialised in examples:
            file.write(serialised)
    return f"tfrecord:{path}"
