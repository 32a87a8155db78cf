"""The base of all types: the averaged generator, optimizers, updates, seeds, phases, Keras's methods."""

import bisect
import functools
import inspect
import threading
import types
from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any

import keras
import tensorflow as tf

from tfgan_ref import randomness
from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.gans import batches, checks
from tfgan_ref.gans.callbacks import INSTEAD
from tfgan_ref.gans.history import WeightHistory
from tfgan_ref.gans.phases import trace_each_phase
from tfgan_ref.gans.sampling import label_tensor
from tfgan_ref.gans.saving import seed_states, serialize_arguments
from tfgan_ref.networks.layers.reparametrised import spectral_layers


class GenerativeModel(keras.Model):
    """A generator that is trained with or without a discriminator, and all that a resumed run needs.

    A subclass overrides ``train_step(data)`` and ``tracked``. It is a full ``keras.Model``: ``gan(latents)``
    and ``predict`` give samples of the averaged generator, ``fit`` takes arrays, tuples, dicts and data sets
    with batches of any size, and ``save`` keeps all that training needs to go on bit for bit.

    ``evaluate`` and ``validation_data`` report the losses of the networks as they are, in inference mode
    (batch norm with its moving statistics, no dropout), and change no variable but the running means.

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
    n_critic = 1  # updates of D in a step
    batches_per_step = 1  # of real samples
    simultaneous = False  # whether D's update waits until G's gradient is known
    batch_names: tuple[str, ...] = ("image", "label")  # of the parts of a tuple that ``fit`` is given
    g_networks: tuple[str, ...] = ("generator",)  # attributes with what the generator's optimizer trains
    d_networks: tuple[str, ...] = ("discriminator",)
    g_history: WeightHistory | None = None  # towards which G's weights are pulled
    d_history: WeightHistory | None = None
    seen_batch = False  # by ``train_on_batch``
    learning = True  # False while ``test_step`` runs ``train_step``

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model | None = None,
        *,
        num_classes: int | None = None,
        seed: int = 0,
        ema_decay: float | None = 0.999,
    ) -> None:
        super().__init__(autocast=False)
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
        self.pending = Pending()
        self.phase = 0  # the one that ``train_step`` is in: see ``enter_phase``
        self.trackers = {name: RunningMean(name) for name in self.tracked}
        self.built = True
        if tf.distribute.has_strategy():
            # Keras has no public way to say that all is built. Under a strategy its ``fit`` calls this method
            # whether ``built`` is True or not: it takes a batch from the data and reduces it over the
            # replicas, which fails for a dict of tensors when there are several processes.
            self._maybe_symbolic_build = lambda *_, **__: None

    def __new__(cls, *arguments: Any, **settings: Any) -> "GenerativeModel":
        """Keeps the constructor's arguments for ``get_config``."""
        model = super().__new__(cls, *arguments, **settings)
        bound = inspect.signature(cls.__init__).bind(model, *arguments, **settings).arguments
        named = {name: value for name, value in bound.items() if name not in ("self", "settings")}
        # Past Keras's attributes, which would count the networks in it once more.
        model.__dict__["arguments"] = MappingProxyType(named | bound.get("settings", {}))
        return model

    @property
    def latent_dim(self) -> int:
        """Length of a latent vector."""
        return self.generator.inputs[0].shape[-1]

    @property
    def sample_shape(self) -> tuple[int | None, ...] | None:
        """Shape of a sample that the generator makes; None where it is no one shape of a batch's samples."""
        return tuple(self.generator.outputs[0].shape[1:]) if len(self.generator.outputs) == 1 else None

    @property
    def number_limits(self) -> dict[str, int]:
        """Parts of a batch that are whole numbers, each with the number of its values."""
        return {} if self.num_classes is None else {"label": self.num_classes}

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

    def compile(
        self,
        g_optimizer: Any,
        d_optimizer: Any = None,
        *,
        jit_compile: bool | str = "auto",
        steps_per_execution: int = 1,
        run_eagerly: bool = False,
    ) -> None:
        """Attaches the optimizers, built at once for the variables that each updates.

        Under a float16 policy they are wrapped for loss scaling.

        Args:
            g_optimizer: of the generator: a name, a config or a Keras optimizer.
            d_optimizer: of the discriminator; without one it is not used.
            jit_compile: as of ``keras.Model.compile``.
            steps_per_execution: as of ``keras.Model.compile``.
            run_eagerly: as of ``keras.Model.compile``.

        Raises:
            InputError: there is a discriminator, but no optimizer of its own for it, or a name is unknown.
        """
        kept = {
            "jit_compile": jit_compile,
            "steps_per_execution": steps_per_execution,
            "run_eagerly": run_eagerly,
        }
        shared = d_optimizer is g_optimizer and isinstance(g_optimizer, keras.optimizers.Optimizer)
        if self.discriminator is not None and (d_optimizer is None or shared):
            raise InputError(f"{type(self).__name__} takes two optimizers: compile(g_optimizer, d_optimizer)")
        super().compile(optimizer=None, **kept)
        if self.boundaries:
            trace_each_phase(self)
        given = [("g_optimizer", g_optimizer, self.g_networks)]
        if self.discriminator is not None:
            given.append(("d_optimizer", d_optimizer, self.d_networks))
        for name, identifier, networks in given:
            try:
                optimizer = keras.optimizers.get(identifier)
            except (ValueError, TypeError) as error:
                raise InputError(
                    f"optimizer {identifier!r} is unknown: a name such as 'adam', a config or an optimizer"
                ) from error
            kept[name] = keras.optimizers.serialize(optimizer)
            half = self.generator.dtype_policy.compute_dtype == "float16"
            if half and not isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
                optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
            optimizer.build([v for n in networks for v in getattr(self, n).trainable_variables])
            setattr(self, name, optimizer)
        self.compile_config = kept
        discriminators = [] if self.discriminator is None else [getattr(self, n) for n in self.d_networks]
        # Bound methods, since Keras would count layers in a list as layers of this model.
        self.power_iterations = [
            layer.power_iteration
            for network in discriminators
            if any(weight.name == "u" for weight in network.non_trainable_weights)  # a spectral norm's
            for layer in spectral_layers(network)
        ]

    def optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """Returns the optimizers by the name under which their learning rates are logged."""
        if self.discriminator is None:
            return {"g": self.g_optimizer}
        return {"g": self.g_optimizer, "d": self.d_optimizer}

    def state(self) -> dict[str, list[tf.Variable]]:
        """Returns every variable that a later step depends on: what a checkpoint holds.

        ``self.variables`` has the networks, their dropout seeds, the averaged generator, a replay buffer
        and the step; the optimizers' moments and loss scales, and the running means, are beside it. Learning
        rates are not in it: they are the settings', which a resumed run may change.
        """
        groups = {"model": self.variables, "metrics": [v for m in self.metrics for v in m.variables]}
        groups |= {f"{name}_optimizer": o.variables for name, o in self.optimizers().items()}
        return {
            name: [variable.value for variable in variables if variable.name != "learning_rate"]
            for name, variables in groups.items()
        }

    def begin_from(self, other: "GenerativeModel") -> None:
        """Gives the networks the weights that those of ``other`` have: where it has averages, these.

        A network that only one of both has is left as it is.

        Raises:
            InputError: a network has weights of another number or shape; none has been changed then.
        """
        averages = {id(network): copy for copy, network in other._averages}
        names = (*self.g_networks, *self.d_networks)
        pairs = [(name, getattr(self, name, None), getattr(other, name, None)) for name in names]
        pairs = [(name, ours, theirs) for name, ours, theirs in pairs if ours and theirs]
        for name, *networks in pairs:
            here, there = ([tuple(weight.shape) for weight in network.weights] for network in networks)
            if here != there:
                raise InputError(f"it has another {name}: the weights differ in number or shape")
        for _, ours, theirs in pairs:
            ours.set_weights(averages.get(id(theirs), theirs).get_weights())
        for copy, network in self._averages:
            copy.set_weights(network.get_weights())

    def step_seed(self, purpose: int, critic_step: int | tf.Tensor = 0) -> tf.Tensor:
        """Returns the (2,) seed of a draw in the current step: for a purpose, and a critic update in it."""
        numbers = (purpose, critic_step)
        if not self.learning:  # the number of batches that this evaluation has seen
            numbers = (randomness.EVALUATION, tf.cast(self.metrics[0].count.value, tf.int32), *numbers)
        return randomness.step_seed(self.seed, self.step.value, *numbers)

    def latents(self, n: int | tf.Tensor, critic_step: int | tf.Tensor = 0) -> tf.Tensor:
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
        """Updates G to lower ``loss``, or what takes its place; returns the norm of its gradient."""
        loss = loss if self.pending.g_loss is None else self.pending.g_loss
        return self.update(loss, tape, self.g_optimizer, [getattr(self, name) for name in self.g_networks])

    def update_discriminator(self, loss: tf.Tensor, tape: tf.GradientTape) -> tf.Tensor:
        """Updates D to lower ``loss``, then its spectral norms if it has any; returns the gradient's norm."""
        networks = [getattr(self, name) for name in self.d_networks]
        norm = self.update(loss, tape, self.d_optimizer, networks)
        for power_iteration in self.power_iterations if self.learning and not self.pending.update else ():
            power_iteration()
        return norm

    def update(
        self,
        loss: tf.Tensor,
        tape: tf.GradientTape,
        optimizer: keras.optimizers.Optimizer,
        networks: Sequence[keras.Model],
    ) -> tf.Tensor:
        """Updates ``networks`` once to lower ``loss``, the mean over this replica's samples.

        In a simultaneous step an update of D is left to ``finish_step``.

        The optimizer's loss scale, and the share of this replica in the global batch (gradients are summed
        over replicas), enter as the gradient with which backpropagation starts.

        Returns:
            The Euclidean norm of the gradient of ``loss`` by all their variables, a diagnostic; 0 in
            ``test_step``, and for an update left out because its loss scale was too large for float16.
        """
        if not self.learning:
            return tf.zeros(())
        variables = [variable for network in networks for variable in network.trainable_variables]
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        start = optimizer.scale_loss(tf.ones_like(loss) / replicas)
        gradients = tape.gradient(loss, [v.value for v in variables], output_gradients=start)
        history = self.g_history if optimizer is self.g_optimizer else self.d_history
        if history is not None:
            pulls = history.record(variables)
            gradients = [tf.convert_to_tensor(g) + start * p for g, p in zip(gradients, pulls, strict=True)]
        if self.simultaneous and optimizer is self.d_optimizer:
            update = functools.partial(optimizer.apply, gradients, variables)
            self.pending.update = (update, *self.power_iterations)
        else:
            # A bias has no part in the gradient of a gradient penalty, so nothing else would keep its update
            # from overtaking the penalty's pass, which reads it.
            with tf.control_dependencies([loss]):
                optimizer.apply(gradients, variables)
        norm = tf.linalg.global_norm(gradients) / tf.cast(start, tf.float32)
        if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
            return tf.where(tf.math.is_finite(norm), norm, 0.0)
        return norm

    def finish_step(self, **tracked: tf.Tensor) -> dict[str, tf.Tensor]:
        """Ends a training step: updates what waits, the averages and the counter, returns the running means.

        Args:
            tracked: values for the trackers, by name.
        """
        if self.learning:
            if self.pending.update:
                with tf.control_dependencies(list(tracked.values())):  # all passes through D come before
                    for change in self.pending.update:
                        change()
            step = tf.cast(self.step.value, tf.float32)
            for copy, network in self._averages:
                # A young average forgets its start sooner (as in tf.train.ExponentialMovingAverage).
                decay = tf.minimum(self.ema_decay, (1.0 + step) / (10.0 + step))
                for average, current in zip(copy.weights, network.weights, strict=True):
                    average.assign(decay * average + (1.0 - decay) * tf.cast(current, average.dtype))
            self.step.assign_add(1)
        else:
            tracked = {name: value for name, value in tracked.items() if "gradient" not in name}
        self.pending.update = self.pending.seen = ()
        self.pending.g_loss = None
        strategy = tf.distribute.get_strategy()
        if strategy.num_replicas_in_sync > 1:
            tracked = dict(zip(tracked, mean_over_replicas(list(tracked.values())), strict=True))
        for name, value in tracked.items():
            self.trackers[name].update_state(value)
        names = self.trackers if self.learning else tracked
        means = {name: self.trackers[name].result() for name in names}
        if isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
            # There, Keras averages over the first axis.
            return {name: mean[tf.newaxis] for name, mean in means.items()}
        return means

    def current_phase(self) -> int:
        """Returns the number of ``boundaries`` that the step counter has reached."""
        return bisect.bisect_right(self.boundaries, int(self.step.numpy()))

    def enter_phase(self) -> int:
        """Sets and returns ``phase``, the number of ``boundaries`` that the step counter has reached.

        ``train_step`` may read ``phase`` as a Python number: a graph of it serves one phase.
        """
        self.phase = self.current_phase()
        return self.phase

    def steps_to_boundary(self) -> int | None:
        """Returns the number of steps before the next phase; None in the last one."""
        step = int(self.step.numpy())
        return next((boundary - step for boundary in self.boundaries if boundary > step), None)

    def as_batch(self, data: Any) -> dict[str, tf.Tensor]:
        """Returns what ``fit`` was given as a dict of tensors: float32 samples, int32 labels (N,).

        Raises:
            InputError: a part has another form, or samples are missing.
        """
        if not isinstance(data, dict):
            data = batches.name_parts(data, self.batch_names, type(self).__name__)
        if (samples := self.batch_names[0]) not in data:
            article = "an" if samples[0] in "aeiou" else "a"
            raise InputError(f"{type(self).__name__} needs {article} {samples} in its batch")
        batch = dict(data)
        for name, value in data.items():
            usual = tf.is_tensor(value) and value.dtype == batches.USUAL.get(name, value.dtype)
            if not usual or (name == "label" and value.shape.rank != 1):
                batch[name] = batches.standard_part(name, value)
        return batch

    def fit(
        self, x: Any = None, y: Any = None, *others: Any, callbacks: Any = None, **settings: Any
    ) -> keras.callbacks.History:
        """Trains as ``keras.Model.fit`` does.

        Raises:
            InputError: a callback cannot work with two optimizers, the networks do not go together, or the
                data are not what they learn from (``checks.checked``): before the first step.
        """
        for callback in callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]:
            for kind, reason in INSTEAD.items():
                if isinstance(callback, kind):
                    raise InputError(f"keras.callbacks.{kind.__name__} {reason}")
        x = checks.checked(self, x, y)
        validation = settings.get("validation_data")
        if isinstance(validation, (tuple, list)):
            checks.checked(self, *validation[:2])
        elif validation is not None and not isinstance(validation, types.GeneratorType):
            checks.checked(self, validation)
        return super().fit(x, y, *others, callbacks=callbacks, **settings)

    def evaluate(self, x: Any = None, y: Any = None, *others: Any, **settings: Any) -> Any:
        """Returns the losses as ``keras.Model.evaluate`` does.

        Raises:
            InputError: as of ``fit``.
        """
        if not settings.get("_use_cached_eval_dataset"):  # else ``fit`` calls, which has checked them
            x = checks.checked(self, x, y)
        return super().evaluate(x, y, *others, **settings)

    def train_on_batch(self, x: Any, y: Any = None, *others: Any, **settings: Any) -> Any:
        """Trains as ``keras.Model.train_on_batch`` does; the first batch is checked.

        Raises:
            InputError: as of ``fit``.
        """
        if not self.seen_batch:
            x = checks.checked(self, x, y)
            self.seen_batch = True
        return super().train_on_batch(x, y, *others, **settings)

    def test_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Returns the running means of the losses, and changes nothing else.

        Each batch of an evaluation has draws of its own, the same in each evaluation at one step.
        """
        self.learning = False
        try:
            return self.train_step(data)
        finally:
            self.learning = True

    def call(self, inputs: Any, training: bool | None = None) -> tf.Tensor:
        """Returns samples of the averaged generator, always in inference mode."""
        return self.sampling_generator(inputs, training=False)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments, networks and all.

        Raises:
            InputError: one has no ``get_config``.
        """
        return serialize_arguments(self.arguments, type(self).__name__)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "GenerativeModel":
        """Returns a new model from what ``get_config`` gave."""
        return cls(**keras.saving.deserialize_keras_object(config))

    def get_compile_config(self) -> dict[str, Any]:
        """Returns the arguments of ``compile``."""
        return dict(self.compile_config) if self.compiled else {}

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compiles with what ``get_compile_config`` gave."""
        self.compile(**keras.saving.deserialize_keras_object(config))

    def save_own_variables(self, store: Any) -> None:
        """Saves this model's own variables, and the states of all dropout, which Keras leaves out."""
        super().save_own_variables(store)
        for number, variable in enumerate(seed_states(self)):
            store[f"seed_{number}"] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Loads what ``save_own_variables`` saved."""
        names = [name for name in list(store.keys()) if "seed" not in name]
        super().load_own_variables({name: store[name] for name in names})
        for number, variable in enumerate(seed_states(self)):
            variable.assign(store[f"seed_{number}"])
        self.phase = self.current_phase()

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


@keras.saving.register_keras_serializable(package="tfgan_ref")
class FusedAdam(keras.optimizers.Adam):
    """Keras's Adam, whose update of a variable is one operation of TensorFlow instead of a dozen.

    Each of a dozen would read and write a tensor as large as the weights: a quarter of a step of fully
    connected networks. Arguments, equations, variables and config are those of ``keras.optimizers.Adam``;
    results differ in their last bits.
    """

    def update_step(
        self, gradient: tf.Tensor | tf.IndexedSlices, variable: tf.Variable, learning_rate: tf.Tensor
    ) -> None:
        """Updates ``variable`` and its moments by Algorithm 1 of Kingma and Ba 2015.

        What the operation does not know is left to Keras: ``amsgrad``, and gradients of some rows of a table,
        of which Keras squares each occurrence of a row by itself.
        """
        if self.amsgrad or isinstance(gradient, tf.IndexedSlices):
            super().update_step(gradient, variable, learning_rate)
            return
        index = self._get_variable_index(variable)
        rate, beta_1, beta_2, epsilon, step = (
            tf.cast(number, variable.dtype)
            for number in (learning_rate, self.beta_1, self.beta_2, self.epsilon, self.iterations + 1)
        )
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].handle,
            v=self._velocities[index].handle,
            beta1_power=beta_1**step,
            beta2_power=beta_2**step,
            lr=rate,
            beta1=beta_1,
            beta2=beta_2,
            epsilon=epsilon,
            grad=tf.cast(gradient, variable.dtype),
        )


class Pending(threading.local):
    """What a step keeps until its end; of each replica, since each has a thread of its own.

    Attributes:
        update: the calls that D's update consists of, in a simultaneous step.
        seen: the fakes, and D's outputs for them, in a simultaneous step.
        g_loss: with feature matching, what takes the place of G's loss.
    """

    update: tuple[Callable[[], None], ...] = ()
    seen: tuple[Any, ...] = ()
    g_loss: tf.Tensor | None = None


class RunningMean(keras.metrics.Mean):
    """The mean since the last reset, of values that are equal on all replicas.

    Keras's own has a value of its own on each replica, which one process of several can neither show nor save
    without the others.
    """

    def add_variable(self, *arguments: Any, **settings: Any) -> keras.Variable:
        """Adds a variable that any replica may read."""
        return super().add_variable(*arguments, **settings | {"aggregation": "only_first_replica"})


def mean_over_replicas(values: list[tf.Tensor]) -> list[tf.Tensor]:
    """Returns the means of scalars over all replicas, in one exchange."""
    together = tf.stack([tf.cast(value, tf.float32) for value in values])
    context = tf.distribute.get_replica_context()
    return tf.unstack(context.all_reduce(tf.distribute.ReduceOp.MEAN, together))
