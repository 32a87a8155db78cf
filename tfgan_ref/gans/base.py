"""The base of all types: the averaged generator, optimizers, updates, seeds, phases, drawing samples."""

import bisect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgan_ref import randomness
from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.gans.running_mean import RunningMean, mean_over_replicas
from tfgan_ref.networks.layers.reparametrised import spectral_layers


class GenerativeModel(keras.Model):
    """A generator that is trained with or without a discriminator, and all that a resumed run needs.

    A subclass overrides ``train_step(batch)`` and ``tracked``.

    Args:
        generator: functional model.
        discriminator: functional model, or None for a type that learns without one.
        num_classes: labels are 0 to num_classes - 1; None for a generator without labels.
        seed: of all noise of training; with the step counter it determines every draw.
        ema_decay: of the averaged generator's weights and batch norm statistics; None keeps no average.

    Raises:
        InputError: ``num_classes`` or ``ema_decay`` is out of range.
    """

    tracked: tuple[str, ...] = ()  # names of the running means that the step reports
    boundaries: tuple[int, ...] = ()  # steps from which ``train_step`` does something else
    n_critic = 1  # batches that one step takes

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model | None = None,
        *,
        num_classes: int | None = None,
        seed: int = 0,
        ema_decay: float | None = 0.999,
    ) -> None:
        super().__init__()
        if num_classes is not None:
            check_at_least(1, num_classes=num_classes)
        if ema_decay is not None and not 0 <= ema_decay < 1:
            raise InputError(f"ema_decay {ema_decay} is out of range: from 0 to below 1, or None")
        self.generator = generator
        self.discriminator = discriminator
        self.num_classes = num_classes
        self.seed = seed
        self.ema_decay = ema_decay
        self._averages: list[tuple[keras.Model, keras.Model]] = []
        self.ema_generator = self.averaged(generator)
        self.step = self.add_weight(
            shape=(), initializer="zeros", dtype="int64", trainable=False, name="generator_step"
        )
        self.phase = 0  # the one that ``train_step`` is in: see ``enter_phase``
        self.trackers = {name: RunningMean(name) for name in self.tracked}
        self.built = True

    @property
    def latent_dim(self) -> int:
        """Length of a latent vector."""
        return self.generator.inputs[0].shape[-1]

    @property
    def sampling_generator(self) -> keras.Model:
        """The functional model that draws samples: the averaged generator."""
        return self.ema_generator

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The trackers of this model alone: Keras would add a loss that no GAN reports."""
        return list(self.trackers.values())

    def averaged(self, network: keras.Model) -> keras.Model:
        """Returns a copy of ``network`` that ``finish_step`` makes its average; itself if there is none."""
        if self.ema_decay is None:
            return network
        copy = keras.models.clone_model(network)
        copy.set_weights(network.get_weights())
        copy.trainable = False
        self._averages.append((copy, network))
        return copy

    def generator_variables(self) -> list[keras.Variable]:
        """Returns the variables that the generator's optimizer updates."""
        return self.generator.trainable_variables

    def discriminator_variables(self) -> list[keras.Variable]:
        """Returns the variables that the discriminator's optimizer updates."""
        return [] if self.discriminator is None else self.discriminator.trainable_variables

    def discriminators(self) -> list[keras.Model]:
        """Returns the discriminators."""
        return [] if self.discriminator is None else [self.discriminator]

    def compile(
        self,
        g_optimizer: keras.optimizers.Optimizer,
        d_optimizer: keras.optimizers.Optimizer | None = None,
        **settings: Any,
    ) -> None:
        """Attaches the optimizers, built at once for the variables that each updates.

        Under a float16 policy they are wrapped for loss scaling. ``settings`` go to ``keras.Model.compile``:
        ``jit_compile``, ``steps_per_execution``, ``run_eagerly``.

        Args:
            g_optimizer: of the generator.
            d_optimizer: of the discriminator; without one it is not used.
            settings: of Keras.

        Raises:
            InputError: there is a discriminator, but no optimizer for it.
        """
        super().compile(optimizer=None, **settings)
        self.g_optimizer = loss_scaled(g_optimizer, self.generator)
        self.g_optimizer.build(self.generator_variables())
        if self.discriminator is not None:
            if d_optimizer is None:
                raise InputError(
                    f"{type(self).__name__} needs two optimizers: compile(g_optimizer, d_optimizer)"
                )
            self.d_optimizer = loss_scaled(d_optimizer, self.generator)
            self.d_optimizer.build(self.discriminator_variables())
        # Bound methods, since Keras would count layers in a list as layers of this model.
        self.power_iterations = [
            layer.power_iteration for network in self.discriminators() for layer in spectral_layers(network)
        ]

    def optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """Returns the optimizers by the name under which their learning rates are logged."""
        if self.discriminator is None:
            return {"g": self.g_optimizer}
        return {"g": self.g_optimizer, "d": self.d_optimizer}

    def state(self) -> dict[str, list[tf.Variable]]:
        """Returns every variable that a later step depends on: what a checkpoint holds.

        ``self.variables`` has the networks, their dropout seeds, the averaged generator, a replay buffer
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
        latent_dim = self.generator.inputs[0].shape[-1]
        return randomness.sample_latents(n, latent_dim, self.step_seed(randomness.LATENTS, critic_step))

    def batch_labels(self, batch: dict[str, tf.Tensor]) -> list[tf.Tensor]:
        """Returns [label] of a batch, or [] for a generator without labels.

        Raises:
            InputError: there are classes, but no label in the batch.
        """
        if self.num_classes is None:
            return []
        if "label" not in batch:
            raise InputError(
                f"{type(self).__name__} with {self.num_classes} classes needs a label in its batch"
            )
        return [batch["label"]]

    def update_generator(self, loss: tf.Tensor, tape: tf.GradientTape) -> tf.Tensor:
        """Updates G to lower ``loss``; returns the norm of its gradient."""
        return self.update(loss, tape, self.g_optimizer, self.generator.trainable_variables)

    def update_discriminator(self, loss: tf.Tensor, tape: tf.GradientTape) -> tf.Tensor:
        """Updates D to lower ``loss``, then its spectral norms if it has any; returns the gradient's norm."""
        norm = self.update(loss, tape, self.d_optimizer, self.discriminator.trainable_variables)
        for power_iteration in self.power_iterations:
            power_iteration()
        return norm

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
            The Euclidean norm of the gradient of ``loss`` by all ``variables``, a diagnostic; 0 for an update
            that is left out because its loss scale was too large for float16.
        """
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        start = optimizer.scale_loss(tf.ones_like(loss) / replicas)
        gradients = tape.gradient(loss, [v.value for v in variables], output_gradients=start)
        # A bias has no part in the gradient of a gradient penalty, so nothing else would keep its update from
        # overtaking the penalty's pass, which reads it.
        with tf.control_dependencies([loss]):
            optimizer.apply(gradients, variables)
        norm = tf.linalg.global_norm(gradients) / tf.cast(start, tf.float32)
        if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
            return tf.where(tf.math.is_finite(norm), norm, 0.0)
        return norm

    def finish_step(self, **tracked: tf.Tensor) -> dict[str, tf.Tensor]:
        """Ends a training step: updates the averages and the counter, returns the running means.

        Args:
            tracked: values for the trackers, by name.
        """
        if self._averages:
            step = tf.cast(self.step.value, tf.float32)
            # A young average forgets its start sooner (as in tf.train.ExponentialMovingAverage).
            decay = tf.minimum(self.ema_decay, (1.0 + step) / (10.0 + step))
        for copy, network in self._averages:
            for average, current in zip(copy.weights, network.weights, strict=True):
                average.assign(decay * average + (1.0 - decay) * tf.cast(current, average.dtype))
        self.step.assign_add(1)
        strategy = tf.distribute.get_strategy()
        if strategy.num_replicas_in_sync > 1:
            tracked = dict(zip(tracked, mean_over_replicas(list(tracked.values())), strict=True))
        for name, value in tracked.items():
            self.trackers[name].update_state(value)
        means = {name: tracker.result() for name, tracker in self.trackers.items()}
        if isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
            # There, Keras averages over the first axis.
            return {name: mean[tf.newaxis] for name, mean in means.items()}
        return means

    def enter_phase(self) -> int:
        """Sets and returns the number of ``boundaries`` that the step counter has reached.

        ``train_step`` may read ``phase`` as a Python number: a graph of it serves one phase.
        """
        self.phase = bisect.bisect_right(self.boundaries, int(self.step.numpy()))
        return self.phase

    def steps_to_boundary(self) -> int | None:
        """Returns the number of steps before the next phase; None in the last one."""
        step = int(self.step.numpy())
        return next((boundary - step for boundary in self.boundaries if boundary > step), None)

    def make_train_function(self, force: bool = False) -> Callable[[Iterator[Any]], dict[str, tf.Tensor]]:
        """Makes what ``fit`` calls: Keras's function, traced once for each phase."""
        if not self.boundaries:
            return super().make_train_function(force)
        if self.train_function is not None and not force:
            return self.train_function
        graphs = {}

        def train_function(iterator: Iterator[Any]) -> dict[str, tf.Tensor]:
            left = self.steps_to_boundary()
            if left is not None and left % self.steps_per_execution:
                raise InputError(
                    f"steps_per_execution {self.steps_per_execution} does not divide the {left} steps "
                    "before training enters its next phase"
                )
            phase = self.enter_phase()
            if phase not in graphs:
                # Keras's function is what it leaves behind, not what it returns.
                super(GenerativeModel, self).make_train_function(force=True)
                graphs[phase], self.train_function = self.train_function, train_function
            return graphs[phase](iterator)

        self.train_function = train_function
        return train_function

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        """Does nothing: all networks and optimizers are built.

        Keras has no public way to say so. Under a strategy its ``fit`` calls this whether ``built`` is True
        or not, before it looks; it takes a batch from the data and reduces it over the replicas, which fails
        for a dict of tensors when there are several processes.
        """

    def generate(self, n: int, seed: int, **conditions: Any) -> tf.Tensor:
        """Returns ``n`` samples of the averaged generator, in [-1, 1]; the same for the same seed.

        Args:
            n: number of samples.
            seed: of the latents.
            conditions: ``label`` for a generator with classes: one for all, one for each, or None for every
                class in turn.

        Raises:
            InputError: ``n`` is below 1, a label is out of range, or given to a generator that takes none.
        """
        check_at_least(1, n=n)
        latents = randomness.sample_latents(n, self.latent_dim, randomness.base_seed(seed))
        given = self.conditions(n, **conditions)
        return self.sampling_generator([latents, *given] if given else latents, training=False)

    def conditions(self, n: int, **conditions: Any) -> list[tf.Tensor]:
        """Returns the generator's inputs beside the latents for ``n`` samples."""
        if self.num_classes is not None:
            return [label_tensor(n, self.num_classes, **conditions)]
        if conditions:
            raise InputError(f"{type(self).__name__} takes no {', '.join(conditions)}: it is unconditional")
        return []


def loss_scaled(optimizer: keras.optimizers.Optimizer, network: keras.Model) -> keras.optimizers.Optimizer:
    """Wraps ``optimizer`` for loss scaling if ``network`` computes in float16."""
    half = network.dtype_policy.compute_dtype == "float16"
    if not half or isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return optimizer
    return keras.optimizers.LossScaleOptimizer(optimizer)


def label_tensor(n: int, num_classes: int, label: int | Sequence[int] | None = None) -> tf.Tensor:
    """Returns int32 labels (n,): one for all, one for each, or every class in turn for None.

    Raises:
        InputError: a label is not an integer from 0 to num_classes - 1, or there are not ``n``.
    """
    if label is None:
        return tf.range(n, dtype=tf.int32) % num_classes
    labels = np.asarray(label)
    if not np.issubdtype(labels.dtype, np.integer) or labels.shape not in ((), (n,)):
        raise InputError(f"label {label!r} is not an integer, nor {n} integers")
    if labels.min() < 0 or labels.max() >= num_classes:
        raise InputError(f"label {label!r} is out of range: from 0 to {num_classes - 1}")
    return tf.broadcast_to(tf.constant(labels, tf.int32), [n])
