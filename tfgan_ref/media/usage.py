"""How to use an exported generator: the lines that stand below a finished run, for each medium by its name.

``{path}`` stands for where the SavedModel is, ``{apply}`` and ``{sample}`` for two commands, ``{label}`` for
an example. Lines that begin with two spaces are code, the others say what it is for. This module does not
import TensorFlow, as a report of a run needs these lines and nothing else of a medium.
"""

import shlex
from collections.abc import Mapping, Sequence

PICTURES = """\
To use it in any Python with TensorFlow:
  import tensorflow as tf
  model = tf.saved_model.load("{path}")
  images = model.sample(16, 0)  # 16 images in [0, 1] from seed 0"""
TRANSLATIONS = """\
To apply it to files:
  {apply} {path} PICTURE... --out DIR
To use it in any Python with TensorFlow:
  import tensorflow as tf
  model = tf.saved_model.load("{path}")
  picture = model.apply(image)  # uint8 (H, W, C), or float32 in [0, 1]; some take a mask or style too"""
FRAMES = """\
To write animated GIFs and a contact sheet:
  {sample} {path} --label {label} --n 4 --out DIR
To use it in any Python with TensorFlow:
  import tensorflow as tf
  model = tf.saved_model.load("{path}")
  clips = model.sample(4, 0)  # 4 clips (4, phases, H, W, C) in [0, 1] from seed 0"""
SENTENCES = """\
To print sentences:
  {sample} {path} --n 20
To use it in any Python with TensorFlow:
  import tensorflow as tf
  model = tf.saved_model.load("{path}")
  sentences = model.sample(20, 0)  # 20 sentences from seed 0, of the topics in model.topics in turn"""
SOUNDS = """\
To write WAV files and their spectrograms:
  {sample} {path} --n 20 --out DIR
To use it in any Python with TensorFlow:
  import tensorflow as tf
  model = tf.saved_model.load("{path}")
  sounds = model.sample(16, 0)  # 16 of them in [-1, 1] from seed 0, model.sample_rate samples per second"""
VOICES = """\
To apply it to recordings:
  {apply} {path} RECORDING.wav... --out DIR
To use it in any Python with TensorFlow:
  import tensorflow as tf
  model = tf.saved_model.load("{path}")
  audio = model.apply(recording)  # float32 (T,) in [-1, 1] at model.sample_rate; apply_back goes back"""
UNKNOWN = """\
To use it in any Python with TensorFlow:
  import tensorflow as tf
  model = tf.saved_model.load("{path}")
  print(model.signatures["serving_default"].structured_input_signature)  # what it takes"""


def example_choice(factors: Mapping[str, Sequence[str]]) -> str:
    """Names an action and an attribute's value, each the first that ``--label`` can name, quoted for a shell.

    Args:
        factors: the values of each attribute, and last those of the action.
    """
    said = {
        factor: next((value for value in values if "," not in value and value == value.strip()), None)
        for factor, values in factors.items()
    }
    *attributes, action = said
    attribute = next((factor for factor in attributes if said[factor]), None)
    chosen = [f"{factor}={said[factor]}" for factor in (action, attribute) if said.get(factor)]
    return shlex.quote(",".join(chosen) or "all")
