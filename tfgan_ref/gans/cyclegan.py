"""CycleGAN: Zhu et al. 2017.

"Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks", with the details of their
sections 4 and 7.1 and of their code.
"""

from typing import Any

import keras
import tensorflow as tf

from tfgan_ref import losses, randomness
from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.gans.gan import ACCURACIES, LOSSES_AND_NORMS, accuracies
from tfgan_ref.gans.techniques import ReplayBuffer
from tfgan_ref.gans.translation import ImageTranslator

LOSSES = ("least_squares", "non_saturating", "hinge")


@keras.saving.register_keras_serializable(package="tfgan_ref")
class CycleGAN(ImageTranslator):
    """Two generators between two domains, each the inverse of the other, and a discriminator of each domain.

    ``batch`` holds unrelated rows: ``source`` from domain A and ``target`` from domain B.

    Past fakes are kept in a ``ReplayBuffer`` for each domain, which does what the authors' pool does: while
    it fills, it stores fakes and shows them; then it exchanges each with probability 1/2 for a stored one.
    Only, what a batch stores is not shown again in the same batch.

    Args:
        generator: G of the paper, pictures of A to pictures of B of the same size.
        backward: F of the paper, B to A.
        discriminator: D_Y of the paper, pictures of B to logits of any shape.
        backward_discriminator: D_X of the paper, pictures of A to logits of any shape.
        cycle_weight: lambda of equation 3.
        identity_weight: of the identity term of section 5.2, G(b) = b and F(a) = a, relative to
            ``cycle_weight``; 0 leaves it out.
        loss: "least_squares" (section 4, without the 1/2 of Mao et al. 2017), "non_saturating" or "hinge".
        replay: number of past fakes kept of each domain, or None or 0.
        replay_shape: (height, width) of the pictures in training, which the buffers need; None: that of the
            discriminators' inputs.
        observer: a layer that is called with each training batch, for what it learns beside the networks; its
            variables belong to the model. For voices, ``PitchStatistics``.
        settings: those of ``ImageTranslator``.

    Raises:
        InputError: a setting is unknown or out of range, channels of two networks do not match, the
            identity term is wanted for domains that differ in channels, or the size of fakes to keep is not
            known.
    """

    g_networks = ("generator", "backward")
    d_networks = ("discriminator", "backward_discriminator")
    tracked = (*LOSSES_AND_NORMS[:2], "cycle_error", "identity_error", *ACCURACIES, *LOSSES_AND_NORMS[2:])

    def __init__(
        self,
        generator: keras.Model,
        backward: keras.Model,
        discriminator: keras.Model,
        backward_discriminator: keras.Model,
        *,
        cycle_weight: float = 10.0,
        identity_weight: float = 0.5,
        loss: str = "least_squares",
        replay: int | None = 50,
        replay_shape: tuple[int, int] | None = None,
        observer: keras.layers.Layer | None = None,
        **settings: Any,
    ) -> None:
        check_at_least(0, cycle_weight=cycle_weight, identity_weight=identity_weight)
        adversarial_loss = losses.adversarial_loss(loss, LOSSES)
        _check_channels(generator, backward, discriminator, backward_discriminator)
        a, b = generator.inputs[0].shape[-1], backward.inputs[0].shape[-1]
        if identity_weight and a != b:
            raise InputError(f"identity_weight {identity_weight} needs equal channels: there are {a} and {b}")
        if identity_weight and not cycle_weight:
            raise InputError(f"identity_weight {identity_weight} is out of range: 0 if cycle_weight is 0")
        if not identity_weight:
            self.tracked = tuple(name for name in self.tracked if name != "identity_error")
        super().__init__(generator, discriminator, **settings)
        self.backward = backward
        self.ema_backward = self.averaged(backward)
        self.backward_discriminator = backward_discriminator
        self.cycle_weight = cycle_weight
        self.identity_weight = identity_weight
        self.adversarial_loss = adversarial_loss
        # The sum of squares of section 4 is twice the loss of Mao et al.
        self.loss_factor = 2.0 if loss == "least_squares" else 1.0
        self.replay = _replay(replay, replay_shape, discriminator)
        self.backward_replay = _replay(replay, replay_shape, backward_discriminator)
        self.observer = observer

    def translate_back(self, images: tf.Tensor) -> tf.Tensor:
        """Returns the averaged F's pictures of A in [-1, 1] for ``images`` of B."""
        return self.ema_backward(images, training=False)

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Updates both generators by equation 3, then both discriminators on the same fakes.

        ``g_loss`` is the sum of both adversarial terms; ``cycle_error`` and ``identity_error`` are mean
        absolute differences, the means of both directions. All are without their weights.
        """
        batch = self.as_batch(data)
        a, b = self.both_domains(batch)
        if self.observer is not None and self.learning:
            self.observer(batch)
        forth, back, training = self.generator, self.backward, self.learning
        with tf.GradientTape() as tape:
            fake_b, fake_a = forth(a, training=training), back(b, training=training)
            g_loss = self.generator_loss(self.discriminator, fake_b)
            g_loss += self.generator_loss(self.backward_discriminator, fake_a)
            back_a, back_b = back(fake_b, training=training), forth(fake_a, training=training)
            tracked = {"g_loss": g_loss, "cycle_error": _mean_distance((a, back_a), (b, back_b))}
            # The paper's terms are sums of both directions.
            objective = g_loss + 2.0 * self.cycle_weight * tracked["cycle_error"]
            if self.identity_weight:
                same_a, same_b = back(a, training=training), forth(b, training=training)
                tracked["identity_error"] = _mean_distance((a, same_a), (b, same_b))
                weight = 2.0 * self.cycle_weight * self.identity_weight
                objective += weight * tracked["identity_error"]
        tracked["g_gradient_norm"] = self.update_generator(objective, tape)
        return self.finish_step(**tracked, **self.discriminator_step(a, b, fake_a, fake_b))

    def both_domains(self, batch: dict[str, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the pictures of A and of B in ``batch``.

        Raises:
            InputError: one of them is missing.
        """
        target = self.part_of(batch, "target")
        return self.generator_inputs(batch)[0], target

    def generator_loss(self, discriminator: keras.Model, fakes: tf.Tensor) -> tf.Tensor:
        """Returns the adversarial term of the generator that made ``fakes``."""
        fake_logits = discriminator(fakes, training=self.learning)
        return self.loss_factor * self.adversarial_loss.generator(fake_logits)

    def discriminator_step(
        self, a: tf.Tensor, b: tf.Tensor, fake_a: tf.Tensor, fake_b: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Updates both discriminators; returns what is tracked of them.

        ``d_loss`` is the sum of both objectives, each divided by 2 to slow D down against G (section 7.1).
        """
        fake_b = self.sample_replay(self.replay, fake_b, 0)
        fake_a = self.sample_replay(self.backward_replay, fake_a, 1)
        with tf.GradientTape() as tape:
            d_loss, shares = self.discriminator_loss(self.discriminator, b, fake_b)
            backward_loss, backward_shares = self.discriminator_loss(self.backward_discriminator, a, fake_a)
            d_loss += backward_loss
        norm = self.update_discriminator(d_loss, tape)
        shares = {name: 0.5 * (share + backward_shares[name]) for name, share in shares.items()}
        return {"d_loss": d_loss, "d_gradient_norm": norm, **shares}

    def discriminator_loss(
        self, discriminator: keras.Model, real: tf.Tensor, fakes: tf.Tensor
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Returns one discriminator's halved objective, and its accuracies."""
        # Two calls, not one on the concatenation: each batch is normalised by its own statistics.
        real_logits = discriminator(real, training=self.learning)
        fake_logits = discriminator(fakes, training=self.learning)
        d_loss = 0.5 * self.loss_factor * self.adversarial_loss.discriminator(real_logits, fake_logits)
        return d_loss, accuracies(real_logits, fake_logits, self.adversarial_loss.boundary)

    def sample_replay(self, replay: ReplayBuffer | None, fakes: tf.Tensor, number: int) -> tf.Tensor:
        """Returns ``fakes``, some exchanged for stored ones if there is a buffer; ``number`` seeds the draw.

        Raises:
            InputError: the buffer keeps pictures of another size.
        """
        if replay is None or not self.learning:
            return fakes
        kept, made = (tuple(tensor.shape[1:3]) for tensor in (replay.stores[0], fakes))
        if kept != made:
            raise InputError(f"replay_shape {kept} does not fit fakes of {made}: (height, width) in training")
        return replay.exchange([fakes], self.step_seed(randomness.REPLAY, number))[0]


def _mean_distance(*pairs: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
    """The mean over pairs of the mean absolute difference."""
    return tf.add_n([tf.reduce_mean(tf.abs(first - second)) for first, second in pairs]) / len(pairs)


def _replay(
    capacity: int | None, shape: tuple[int, int] | None, discriminator: keras.Model
) -> ReplayBuffer | None:
    if not capacity:
        return None
    _, height, width, channels = discriminator.inputs[0].shape
    height, width = shape or (height, width)
    if height is None or width is None:
        raise InputError(
            f"replay {capacity} needs replay_shape: {discriminator.name} takes pictures of any size"
        )
    pictures = keras.KerasTensor((None, height, width, channels), dtype="float32", name="pictures")
    return ReplayBuffer(capacity, [pictures])


def _check_channels(
    generator: keras.Model,
    backward: keras.Model,
    discriminator: keras.Model,
    backward_discriminator: keras.Model,
) -> None:
    """Refuses networks that make other pictures than those that take them."""
    for maker, takers in (
        (generator, {"backward": backward, "discriminator": discriminator}),
        (backward, {"generator": generator, "backward_discriminator": backward_discriminator}),
    ):
        made = maker.outputs[0].shape[-1]
        for name, taker in takers.items():
            taken = taker.inputs[0].shape[-1]
            if taken != made:
                raise InputError(f"{name} takes {taken} channels: its pictures have {made}")
