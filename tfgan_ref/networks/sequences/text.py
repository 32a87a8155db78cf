"""Generator and discriminator of sentences, given a topic.

Words are one-hot vectors, so that gradients pass from the discriminator to the generator: a sentence of at
most T words of a vocabulary of V is (N, T, V), and word 0 stands for its end.
"""

import math
from typing import Any

import keras
from keras import layers, ops

from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.networks.layers.heads import conditional_discriminator
from tfgan_ref.networks.layers.seeded import initializer_stream

_SMALLEST = 1e-7  # probability under which a quantile is not taken: its logarithm stays finite


@keras.saving.register_keras_serializable(package="tfgan_ref")
class SentenceGenerator(layers.Layer):
    """Recurrent network (Cho et al. 2014) that draws each word given the topic and the words before.

    The draw is by the Gumbel-max trick: word = argmax(logits + g), g_v = -log(-log u_v). The noise comes from
    the latents, one for each place and word, so that a sentence is a function of its latents and topic. In
    training the gradient of the draw is that of softmax((logits + g) / temperature), and the value either the
    one-hot vector (straight-through: Jang et al. 2017, section 2.2) or, ``relaxed``, that softmax itself.

    Args:
        length: most words of a sentence, T.
        vocabulary: number of words, V, the end of a sentence included.
        num_classes: topics are 0 to num_classes - 1.
        units: of the recurrent state.
        embedding_dim: length of a word's vector.
        temperature: of the softmax, above 0.
        relaxed: whether sentences in training are mixtures of words.
        initializer: a name in ``networks.INITIALIZERS``.
        seed: of the initialisers.
        **settings: name and dtype, as of every Keras layer.

    Raises:
        InputError: a size is below 1, or ``temperature`` is not above 0.
    """

    def __init__(
        self,
        length: int,
        vocabulary: int,
        num_classes: int,
        *,
        units: int = 128,
        embedding_dim: int = 64,
        temperature: float = 1.0,
        relaxed: bool = False,
        initializer: str = "xavier",
        seed: int = 0,
        **settings: Any,
    ) -> None:
        check_at_least(1, length=length, vocabulary=vocabulary, num_classes=num_classes)
        check_at_least(1, units=units, embedding_dim=embedding_dim)
        if not temperature > 0:
            raise InputError(f"temperature {temperature} is out of range: above 0")
        # Latents stay in float32: noise in fewer digits would never draw rare words.
        super().__init__(autocast=False, **settings)
        self.length, self.vocabulary, self.num_classes = length, vocabulary, num_classes
        self.units, self.embedding_dim = units, embedding_dim
        self.temperature, self.relaxed = temperature, relaxed
        self.initializer, self.seed = initializer, seed
        fresh = initializer_stream(initializer, seed)
        policy = self.dtype_policy
        self.topic = layers.Embedding(
            num_classes, units, embeddings_initializer=fresh(), dtype=policy, name="topic"
        )
        # A dense layer and no table: it reads mixtures of words too.
        self.embedding = layers.Dense(
            embedding_dim, use_bias=False, kernel_initializer=fresh(), dtype=policy, name="embedding"
        )
        self.cell = layers.GRUCell(
            units,
            kernel_initializer=fresh(),
            recurrent_initializer=fresh(),
            seed=seed,  # of dropout that it does not have: Keras keeps a random one as a weight
            dtype=policy,
            name="cell",
        )
        self.output_layer = layers.Dense(vocabulary, kernel_initializer=fresh(), dtype="float32", name="next")

    def build(self, input_shape: Any) -> None:
        """Creates the weights of all parts."""
        self.topic.build((None,))
        self.embedding.build((None, self.vocabulary))
        self.cell.build((None, self.embedding_dim + self.units))
        self.output_layer.build((None, self.units))

    def call(self, inputs: list[Any], training: bool = False) -> Any:
        """Draws sentences.

        Args:
            inputs: [latents (N, T * V) from N(0, 1), topics (N,)].
            training: whether the draws pass gradients on.

        Returns:
            (N, T, V) float32; after a sentence's end, the end again.
        """
        latents, label = inputs
        noise = ops.reshape(gumbel(latents), (-1, self.length, self.vocabulary))
        topic = self.topic(label)
        state, word = topic, ops.zeros_like(noise[:, 0])
        end = ops.one_hot(0, self.vocabulary, dtype="float32")
        ended = ops.zeros_like(word[:, :1])
        sentence = []
        for place in range(self.length):
            logits, state = self._next(self.embedding(word), topic, state)
            drawn = self._draw(logits + noise[:, place], training)
            word = ended * end + (1.0 - ended) * drawn
            ended = word[:, :1]
            sentence.append(word)
        return ops.stack(sentence, axis=1)

    def logits(self, sentences: Any, label: Any) -> Any:
        """Returns the logits of every word given those before it in ``sentences``: (N, T, V), float32.

        Args:
            sentences: (N, T, V).
            label: topics (N,).
        """
        before = ops.pad(sentences[:, :-1], [[0, 0], [1, 0], [0, 0]])
        embedded, topic = self.embedding(before), self.topic(label)
        state, result = topic, []
        for place in range(self.length):
            logits, state = self._next(embedded[:, place], topic, state)
            result.append(logits)
        return ops.stack(result, axis=1)

    def _next(self, embedded: Any, topic: Any, state: Any) -> tuple[Any, Any]:
        output, state = self.cell(ops.concatenate([embedded, topic], axis=-1), state)
        return self.output_layer(output), state

    def _draw(self, scores: Any, training: bool) -> Any:
        """Turns logits with their noise into words."""
        hard = ops.one_hot(ops.argmax(scores, axis=-1), self.vocabulary, dtype="float32")
        if not training:
            return hard
        soft = ops.softmax(scores / self.temperature, axis=-1)
        return soft if self.relaxed else hard + soft - ops.stop_gradient(soft)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Returns (N, T, V)."""
        return (input_shape[0][0], self.length, self.vocabulary)

    def compute_output_spec(self, inputs: list[keras.KerasTensor], training: bool = False) -> Any:
        """Returns the spec of (N, T, V), float32 under every precision policy."""
        shape = self.compute_output_shape([tensor.shape for tensor in inputs])
        return keras.KerasTensor(shape, dtype="float32")

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        names = ("length", "vocabulary", "num_classes", "units", "embedding_dim", "temperature", "relaxed")
        config = {name: getattr(self, name) for name in (*names, "initializer", "seed")}
        return {**super().get_config(), **config}


def gumbel(latents: Any) -> Any:
    """Turns normal latents into Gumbel noise of the same rank: -log(-log Phi(z))."""
    quantile = 0.5 * (1.0 + ops.erf(ops.cast(latents, "float32") / math.sqrt(2.0)))
    return -ops.log(-ops.log(ops.clip(quantile, _SMALLEST, 1.0 - _SMALLEST)))


def text_generator(length: int, vocabulary: int, *, num_classes: int, **settings: Any) -> keras.Model:
    """Builds a generator of sentences: [latents (N, T * V), label (N,)] to (N, T, V) float32.

    Args:
        length: most words of a sentence, T.
        vocabulary: number of words, V.
        num_classes: topics are 0 to num_classes - 1.
        settings: those of ``SentenceGenerator``.

    Raises:
        InputError: a size is out of range.
    """
    check_at_least(1, length=length, vocabulary=vocabulary)
    latents = keras.Input((length * vocabulary,), name="latents")
    label = keras.Input((), dtype="int32", name="label")
    sentences = SentenceGenerator(length, vocabulary, num_classes, name="sentences", **settings)
    return keras.Model([latents, label], sentences([latents, label]), name="text_generator")


def text_discriminator(
    length: int,
    vocabulary: int,
    *,
    num_classes: int,
    initializer: str = "xavier",
    seed: int = 0,
    **body: Any,
) -> keras.Model:
    """Builds a projection discriminator of sentences: [(N, T, V), label (N,)] to logits (N, 1).

    Args:
        length: most words of a sentence, T.
        vocabulary: number of words, V.
        num_classes: topics are 0 to num_classes - 1.
        initializer: a name in ``networks.INITIALIZERS``.
        seed: seed of the initialisers.
        body: ``width`` and ``embedding_dim`` of ``text_features``.

    Raises:
        InputError: a size is out of range.
    """
    shared = {"initializer": initializer, "seed": seed}
    return conditional_discriminator(
        lambda words: text_features(length, words, **shared, **body),
        (length, vocabulary),
        num_classes=num_classes,
        combine="projection",
        **shared,
    )


def text_features(
    length: int,
    vocabulary: int,
    *,
    width: int = 64,
    embedding_dim: int = 64,
    initializer: str = "xavier",
    seed: int = 0,
) -> keras.Model:
    """Builds the discriminator's body: sentences (N, T, V) to features (N, 2 * width).

    Two layers of convolution over neighbouring words (Kim 2014), then one that sees every place of the
    sentence by itself: words far apart that do not go together tell fakes.

    Args:
        length: most words of a sentence, T.
        vocabulary: number of words, V.
        width: filters of a convolution.
        embedding_dim: length of a word's vector.
        initializer: a name in ``networks.INITIALIZERS``.
        seed: of the initialisers.
    """
    check_at_least(1, length=length, vocabulary=vocabulary, width=width, embedding_dim=embedding_dim)
    fresh = initializer_stream(initializer, seed)
    words = keras.Input((length, vocabulary), name="words")
    x = layers.Dense(embedding_dim, use_bias=False, kernel_initializer=fresh(), name="embedding")(words)
    for _ in range(2):
        x = layers.Conv1D(width, 3, padding="same", kernel_initializer=fresh())(x)
        x = layers.LeakyReLU(0.2)(x)
    x = layers.Dense(2 * width, kernel_initializer=fresh())(layers.Flatten()(x))
    return keras.Model(words, layers.LeakyReLU(0.2)(x), name="text_features")
