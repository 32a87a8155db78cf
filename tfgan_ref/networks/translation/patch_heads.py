"""What PatchNCE compares: features of a generator's encoder, and the heads on them.

Park et al. 2020, "Contrastive Learning for Unpaired Image-to-Image Translation", section 3 and appendix; the
authors' code: ResnetGenerator and PatchSampleF of taesungp/contrastive-unpaired-translation.
"""

import keras
from keras import layers

from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.networks.layers.seeded import initializer_stream

SUMS = (0, 4)  # of the residual blocks, those whose sums are compared: the first and the fifth


def encoder_features(generator: keras.Model) -> list[keras.KerasTensor]:
    """Returns the maps in a generator of pictures whose patches PatchNCE compares, the pixels first.

    They are the paper's: the source, what each convolution that halves it makes, before its normalisation,
    and the sums of the first and the fifth residual block, if there are as many. The authors' code takes the
    source with its border of reflected pixels.

    Args:
        generator: functional model of layers; ``networks.resnet_translator``, or another one.

    Returns:
        Tensors (N, h, w, C) of ``generator``, for models that share its layers.

    Raises:
        InputError: no layer of it halves a picture or sums, or it is no functional model.
    """
    own = getattr(generator, "layers", ())
    halved = [layer.output for layer in own if isinstance(layer, layers.Conv2D) and max(layer.strides) > 1]
    sums = [layer.output for layer in own if isinstance(layer, layers.Add)]
    found = halved + [sums[number] for number in SUMS if number < len(sums)]
    if not found or not hasattr(generator, "inputs"):
        raise InputError("generator has no strided convolution and no sum whose patches can be compared")
    return [generator.inputs[0], *found]


def patch_heads(
    generator: keras.Model, units: int = 256, *, initializer: str = "normal02", seed: int = 0
) -> keras.Model:
    """Builds the heads H of section 3, two layers for each map. ``losses.patch_nce`` divides by lengths.

    Args:
        generator: the one whose ``encoder_features`` they take.
        units: of both layers of each head.
        initializer: a name in ``networks.INITIALIZERS``.
        seed: seed of the initialisers.

    Returns:
        A model from a list with the features of P patches (N, P, C) of each map to a list of vectors
        (N, P, units), float32.

    Raises:
        InputError: an argument is unknown or out of range, or the generator has no such maps.
    """
    check_at_least(1, units=units)
    fresh = initializer_stream(initializer, seed)
    patches = [keras.Input((None, tensor.shape[-1])) for tensor in encoder_features(generator)]
    vectors = []
    for x in patches:
        x = layers.Dense(units, activation="relu", kernel_initializer=fresh())(x)
        x = layers.Dense(units, kernel_initializer=fresh())(x)
        vectors.append(layers.Activation("linear", dtype="float32")(x))
    return keras.Model(patches, vectors, name="patch_heads")
