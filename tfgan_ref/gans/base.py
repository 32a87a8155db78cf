"""What all GAN types share. The training step itself is each type's own."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_ref import losses, randomness
from tfgan_ref.errors import InputError
from tfgan_ref.gans.techniques import InstanceNoise, LabelTargets, ReplayBuffer

TRACKED = (
    "d_loss", "g_loss", "d_accuracy_real", "d_accuracy_fake", "d_gradient_norm", "g_gradient_norm",
)  # fmt: skip


class GAN(keras.Model):
    """A generator and a discriminator with their optimizers, an averaged generator and a step counter.

    A subclass overrides ``train_step(batch)``; ``batch`` is a dict whose tensors hold ``n_critic`` batches.

    Args:
        generator: functional model from latents (and a label) to samples.
        discriminator: functional model from samples (and a label) to logits (N, 1).
        seed: of all noise of training; with the step counter it determines every draw.
        n_critic: discriminator updates per generator update, each on fresh real samples.
        ema_decay: of the averaged generator's weights and batch norm statistics; None keeps no average.
        label_targets: smoothing and noise of the discriminator's targets.
        instance_noise: noise on the discriminator's inputs.
        replay: number of past fakes that the discriminator is shown again, or None.
        l2: weight of the L2 penalty on the discriminator's kernels.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        seed: int = 0,
        n_critic: int = 1,
        ema_decay: float | None = 0.999,
        label_targets: LabelTargets | None = None,
        instance_noise: InstanceNoise | None = None,
        replay: int | None = None,
        l2: float = 0.0,
    ) -> None:
        super().__init__()
        if n_critic < 1:
            raise InputError(f"n_critic {n_critic} is out of range: at least 1")
        if ema_decay is not None and not 0 <= ema_decay < 1:
            raise InputError(f"ema_decay {ema_decay} is out of range: from 0 to below 1, or None")
        if l2 < 0:
            raise InputError(f"l2 {l2} is out of range: at least 0")
        self.generator = generator
        self.discriminator = discriminator
        self.seed = seed
        self.n_critic = n_critic
        self.ema_decay = ema_decay
        self.label_targets = label_targets or LabelTargets()
        self.instance_noise = instance_noise
        self.l2 = l2
        self.replay = ReplayBuffer(replay, discriminator.inputs) if replay else None
        self.ema_generator = _copy(generator) if ema_decay is not None else generator
        self.step = self.add_weight(
            shape=(), initializer="zeros", dtype="int64", trainable=False, name="generator_step"
        )
        self.trackers = {name: keras.metrics.Mean(name=name) for name in TRACKED}
        self.built = True

    @property
    def latent_dim(self) -> int:
        """Length of a latent vector."""
        return self.generator.inputs[0].shape[-1]

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The trackers of this model alone: Keras would add a loss that no GAN reports."""
        return list(self.trackers.values())

    def compile(
        self,
        g_optimizer: keras.optimizers.Optimizer,
        d_optimizer: keras.optimizers.Optimizer,
        **settings: Any,
    ) -> None:
        """Attaches both optimizers, built at once for the variables that each will update.

        Under a float16 policy both are wrapped for loss scaling. ``settings`` go to ``keras.Model.compile``:
        ``jit_compile``, ``steps_per_execution``, ``run_eagerly``.
        """
        super().compile(optimizer=None, **settings)
        if self.generator.dtype_policy.compute_dtype == "float16":
            g_optimizer, d_optimizer = _loss_scaled(g_optimizer), _loss_scaled(d_optimizer)
        g_optimizer.build(self.generator.trainable_variables)
        d_optimizer.build(self.discriminator.trainable_variables)
        self.g_optimizer, self.d_optimizer = g_optimizer, d_optimizer

    def optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """Returns the optimizers by the name under which their learning rates are logged."""
        return {"g": self.g_optimizer, "d": self.d_optimizer}

    def state(self) -> dict[str, list[tf.Variable]]:
        """Returns every variable that a later step depends on: what a checkpoint holds.

        ``self.variables`` has the networks, their dropout seeds, the averaged generator, the replay buffer
        and the step; the optimizers' moments and loss scales, and the running means, are beside it.
        """
        groups = {"model": self.variables, "metrics": [v for m in self.metrics for v in m.variables]}
        groups |= {f"{name}_optimizer": o.variables for name, o in self.optimizers().items()}
        return {name: [variable.value for variable in variables] for name, variables in groups.items()}

    def step_seed(self, purpose: int, critic_step: int = 0) -> tf.Tensor:
        """Returns the (2,) seed of a draw in the current step: for a purpose, and a critic update in it."""
        seed = randomness.step_seed(self.seed, self.step.value)
        return randomness.fold_in(seed, purpose, critic_step)

    def latents(self, n: int, critic_step: int = 0) -> tf.Tensor:
        """Draws this step's latents (n, latent_dim) from N(0, I)."""
        return randomness.sample_latents(n, self.latent_dim, self.step_seed(randomness.LATENTS, critic_step))

    def split_batch(self, batch: dict[str, tf.Tensor]) -> list[dict[str, tf.Tensor]]:
        """Splits a data set's batch into ``n_critic`` batches of fresh samples."""
        if self.n_critic == 1:
            return [batch]
        parts = {name: tf.split(value, self.n_critic) for name, value in batch.items()}
        return [dict(zip(parts, values, strict=True)) for values in zip(*parts.values(), strict=True)]

    def discriminate(self, inputs: list[tf.Tensor], purpose: int) -> tf.Tensor:
        """Returns D's logits on [samples, *conditions] as it sees them in training, with instance noise.

        ``purpose`` is a number that no other call of the same step uses, so that each has its own noise.
        """
        samples, *conditions = inputs
        if self.instance_noise is not None:
            seed = self.step_seed(randomness.INSTANCE_NOISE, purpose)
            samples = self.instance_noise(samples, seed, self.step.value)
        return self.discriminator([samples, *conditions] if conditions else samples, training=True)

    def past_or_present(self, fakes: list[tf.Tensor], critic_step: int = 0) -> list[tf.Tensor]:
        """Returns D's inputs ``fakes``, some examples exchanged for past ones if there is a replay buffer."""
        if self.replay is None:
            return fakes
        return self.replay.exchange(fakes, self.step_seed(randomness.REPLAY, critic_step))

    def discriminator_penalty(self) -> tf.Tensor | float:
        """Returns the weighted L2 penalty on D's kernels."""
        return self.l2 * losses.l2_penalty(self.discriminator.trainable_variables) if self.l2 else 0.0

    def update(
        self,
        loss: tf.Tensor,
        tape: tf.GradientTape,
        optimizer: keras.optimizers.Optimizer,
        variables: list[keras.Variable],
    ) -> tf.Tensor:
        """Applies one update that lowers ``loss``, the mean over this replica's samples.

        The optimizer's loss scale, and the share of this replica in the global batch (gradients are summed
        over replicas), enter as the gradient with which backpropagation starts.

        Returns:
            The Euclidean norm of the gradient of ``loss`` by all ``variables``, a diagnostic.
        """
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        start = optimizer.scale_loss(tf.ones_like(loss) / replicas)
        gradients = tape.gradient(loss, [v.value for v in variables], output_gradients=start)
        optimizer.apply(gradients, variables)
        norm = tf.linalg.global_norm(gradients)
        return norm / tf.cast(start, norm.dtype)

    def finish_step(self, **tracked: tf.Tensor) -> dict[str, tf.Tensor]:
        """Ends a training step: updates the averaged generator and the counter, returns the running means.

        Args:
            tracked: values for the trackers, by name; logits are not tracked, their accuracies are.
        """
        if self.ema_generator is not self.generator:
            step = tf.cast(self.step.value, tf.float32)
            # A young average forgets its start sooner (as in tf.train.ExponentialMovingAverage).
            decay = tf.minimum(self.ema_decay, (1.0 + step) / (10.0 + step))
            for average, current in zip(self.ema_generator.weights, self.generator.weights, strict=True):
                average.assign(decay * average + (1.0 - decay) * tf.cast(current, average.dtype))
        self.step.assign_add(1)
        for name, value in tracked.items():
            self.trackers[name].update_state(value)
        return {name: tracker.result() for name, tracker in self.trackers.items()}

    def generate(self, n: int, seed: int, **conditions: Any) -> tf.Tensor:
        """Returns ``n`` samples of the averaged generator, in [-1, 1]; the same for the same seed.

        Raises:
            InputError: ``n`` is below 1, or a condition is given to a type that takes none.
        """
        if n < 1:
            raise InputError(f"n {n} is out of range: at least 1")
        latents = randomness.sample_latents(n, self.latent_dim, randomness.base_seed(seed))
        given = self.conditions(n, **conditions)
        return self.ema_generator([latents, *given] if given else latents, training=False)

    def conditions(self, n: int, **conditions: Any) -> list[tf.Tensor]:
        """Returns the generator's inputs beside the latents for ``n`` samples: none for this type."""
        if conditions:
            raise InputError(f"{type(self).__name__} takes no {', '.join(conditions)}: it is unconditional")
        return []


def accuracies(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> dict[str, tf.Tensor]:
    """Returns the shares of real and of fake samples that D takes for what they are."""
    return {
        "d_accuracy_real": tf.reduce_mean(tf.cast(real_logits > 0, tf.float32)),
        "d_accuracy_fake": tf.reduce_mean(tf.cast(fake_logits <= 0, tf.float32)),
    }


def _loss_scaled(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.LossScaleOptimizer:
    scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
    return optimizer if scaled else keras.optimizers.LossScaleOptimizer(optimizer)


def _copy(network: keras.Model) -> keras.Model:
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    copy.trainable = False
    return copy
