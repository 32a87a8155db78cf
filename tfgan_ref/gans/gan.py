"""The base of the types that draw samples from latents. The training step itself is each type's own."""

import contextlib
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tfgan_ref import losses, randomness
from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.gans import batches
from tfgan_ref.gans.adaptive import AdaptiveAugmentation
from tfgan_ref.gans.augmentation import DifferentiableAugmentation
from tfgan_ref.gans.base import GenerativeModel
from tfgan_ref.gans.history import WeightHistory
from tfgan_ref.gans.lecam import LeCam
from tfgan_ref.gans.penalties import r1_penalty
from tfgan_ref.gans.techniques import InstanceNoise, LabelTargets, ReplayBuffer, pack

LOSSES_AND_NORMS = ("d_loss", "g_loss", "d_gradient_norm", "g_gradient_norm")
ACCURACIES = ("d_accuracy_real", "d_accuracy_fake")
WITHOUT_BOUNDARY = ("wasserstein", "relativistic")  # losses of logits whose sign says nothing


@keras.saving.register_keras_serializable(package="tfgan_ref")
class GAN(GenerativeModel):
    """A generator and a discriminator, and the techniques that any type can take.

    A subclass overrides ``train_step(data)``; the tensors of a batch hold ``batches_per_step`` batches.
    It sets ``adversarial_loss``, or overrides ``discriminator_step``.

    Args:
        generator: functional model from latents (and a label) to samples.
        discriminator: functional model from samples (and a label) to logits (N, 1).
        num_classes: both networks take a label from 0 to num_classes - 1; None: neither does.
        seed: of all noise of training; with the step counter it determines every draw.
        n_critic: discriminator updates per generator update, each on fresh real samples.
        simultaneous: both updates follow the gradients of the networks as they were before the step, instead
            of G's going through the updated D as in Algorithm 1 of Goodfellow et al. 2014. With ``n_critic``
            1 alone.
        ema_decay: of the averaged generator's weights and batch norm statistics; None keeps no average.
        instance_noise: noise on the discriminator's inputs.
        augmentation: random changes of the discriminator's inputs that gradients pass through. The adaptive
            one needs outputs of D with a boundary between real and fake, and samples that are not packed.
        replay: number of past fakes that the discriminator is shown again, or None.
        packing: samples in one input of the discriminator (Lin et al. 2018), which has ``packing`` times the
            channels.
        l2: weight of the L2 penalty on the discriminator's kernels.
        r1: gamma of the R1 penalty, at real samples (Mescheder et al. 2018, equation 9).
        r2: gamma of the R2 penalty, at the fakes that D is shown (equation 10).
        feature_matching: G lowers the distance between the mean features of real samples and of fakes
            instead of its own loss (Salimans et al. 2016, section 3.1): those of which D makes its logit.
            ``g_loss`` stays that of the type.
        historical_averaging: weight of the squared distance of both networks' weights to the mean of their
            past (section 3.3 there).
        lecam: lambda of the LeCam regulariser (Tseng et al. 2021), for a discriminator that gives logits.
        measure_fakes: whether fakes lose the pixels that the batch's ``mask`` says are missing from the real
            samples beside them, so that G learns whole samples from incomplete ones (Bora et al. 2018).
        sample_key: under which a batch holds its samples.
    """

    tracked = (*LOSSES_AND_NORMS[:2], *ACCURACIES, *LOSSES_AND_NORMS[2:])
    adversarial_loss: losses.AdversarialLoss
    label_targets: LabelTargets | None = None
    matches_features = True  # whether G's loss is the adversarial one alone, so that another can replace it
    gives_logits = True  # whether D's outputs are higher for what it takes for real; energies are lower

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        num_classes: int | None = None,
        seed: int = 0,
        n_critic: int = 1,
        simultaneous: bool = False,
        ema_decay: float | None = 0.999,
        instance_noise: InstanceNoise | None = None,
        augmentation: DifferentiableAugmentation | AdaptiveAugmentation | None = None,
        replay: int | None = None,
        packing: int = 1,
        l2: float = 0.0,
        r1: float = 0.0,
        r2: float = 0.0,
        feature_matching: bool = False,
        historical_averaging: float = 0.0,
        lecam: float = 0.0,
        measure_fakes: bool = True,
        sample_key: str = "image",
    ) -> None:
        if feature_matching:
            self.tracked = (*self.tracked, "feature_distance")
        adaptive = isinstance(augmentation, AdaptiveAugmentation)
        if adaptive:
            refuse_adaptive(type(self).__name__, self.tracked, packing)
            self.tracked = (*self.tracked, "augment_p")
        if lecam and not self.gives_logits:
            raise InputError(f"lecam {lecam} is not for {type(self).__name__}, whose D gives energies: 0")
        super().__init__(generator, discriminator, num_classes=num_classes, seed=seed, ema_decay=ema_decay)
        check_at_least(1, n_critic=n_critic, packing=packing)
        check_at_least(0, l2=l2, r1=r1, r2=r2, historical_averaging=historical_averaging)
        if simultaneous and n_critic > 1:
            raise InputError(f"simultaneous needs n_critic 1, not {n_critic}: D is updated once, with G")
        if packing > 1 and num_classes is not None:
            raise InputError(f"packing {packing} is for types without labels: a pack has no single label")
        self.n_critic = self.batches_per_step = n_critic
        self.simultaneous = simultaneous
        self.instance_noise = instance_noise
        self.augmentation = augmentation
        self.adaptive = adaptive
        self.packing = packing
        self.l2 = l2
        self.r1 = r1
        self.r2 = r2
        self.lecam = LeCam(lecam) if lecam else None
        self.measure_fakes = measure_fakes
        self.sample_key = sample_key
        self.batch_names = (sample_key, "label")
        # A sample's label travels with it, whether D is shown it or not.
        remembered = [discriminator.inputs[0], *generator.inputs[1:]]
        self.replay = ReplayBuffer(replay, remembered) if replay else None
        self.feature_matching = feature_matching
        if feature_matching:
            if not self.matches_features:
                kind = type(self).__name__
                raise InputError(
                    f"feature_matching is not for {kind}, whose G has other losses: leave it out"
                )
            # A bound method, since Keras would count a network once more.
            self.features = features_of(discriminator).__call__
        if historical_averaging:
            self.g_history = WeightHistory(historical_averaging, generator.trainable_variables)
            self.d_history = WeightHistory(historical_averaging, discriminator.trainable_variables)

    @property
    def compiled_for_gpu(self) -> bool:
        """Whether XLA compiles the training step, and for a GPU."""
        return self.jit_compile and bool(tf.config.list_physical_devices("GPU"))

    def train_discriminator(
        self, batch: dict[str, tf.Tensor], tape: tf.GradientTape
    ) -> tuple[list[tf.Tensor], dict[str, tf.Tensor]]:
        """Updates D ``n_critic`` times, each time on fresh real samples and on new fakes.

        The last update of D and the update of G that follows share their fakes, which saves a pass through G
        (the algorithms of the papers draw new ones): ``tape`` records how those are made, and nothing else.

        Returns:
            D's inputs for the last fakes, and what is tracked of D's last update.
        """
        k = self.n_critic - 1
        with tape.stop_recording():
            last = self.earlier_updates(batch) if k else batch
        shown = fakes = self.fake(last, k)
        # In a simultaneous step G's gradient goes through the pass with which D is updated.
        with contextlib.nullcontext() if self.simultaneous else tape.stop_recording():
            if self.replay is not None:
                shown = self.sample_replay(fakes, k)
            real = self.real(last)
            tracked = self.discriminator_step(real, shown, k)
            if self.adaptive:
                tracked = self.adapt(tracked, last)
        if self.feature_matching:
            self.pending.g_loss = tracked["feature_distance"] = self.feature_distance(real, fakes)
        return fakes, tracked

    def feature_distance(self, real: list[tf.Tensor], fakes: list[tf.Tensor]) -> tf.Tensor:
        """Returns the squared distance between the mean features of two of D's inputs, as in training."""
        features = []
        for (samples, *labels), purpose in ((real, 2 * self.n_critic + 1), (fakes, 0)):
            shown = [self.perturb(samples, purpose), *labels][: len(self.discriminator.inputs)]
            features.append(self.features(shown if labels else shown[0], training=self.learning))
        return losses.feature_matching(*features)

    def earlier_updates(self, batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Updates D on each but the last of the ``n_critic`` batches in ``batch``; returns the last one.

        Where XLA compiles the step for a GPU, several updates are one loop in the graph: its compiler takes
        as long for each copy of an update. Elsewhere the graph has the copies: on a CPU, what XLA makes of
        the loop is several times slower, and TensorFlow without XLA makes other last bits of it. So it has
        where batches differ in size (see ``split_batch``), or replicas exchange gradients, for which there
        are no loops.
        """
        *earlier, last = self.split_batch(batch)

        alone = tf.distribute.get_strategy().num_replicas_in_sync == 1
        if (
            self.compiled_for_gpu
            and alone
            and len(earlier) > 1
            and last[self.sample_key].shape[0] is not None
        ):
            parts = {name: tf.stack([part[name] for part in earlier]) for name in last}

            def update_in_loop(k: tf.Tensor) -> list[tf.Tensor]:
                self.update_on_own_fakes({name: tf.gather(values, k) for name, values in parts.items()}, k)
                return [k + 1]

            tf.while_loop(lambda k: k < len(earlier), update_in_loop, [0])
        else:
            for k, part in enumerate(earlier):
                self.update_on_own_fakes(part, k)
        return last

    def update_on_own_fakes(self, batch: dict[str, tf.Tensor], k: int | tf.Tensor) -> dict[str, tf.Tensor]:
        """Updates D for the k-th time in this step, on fakes that G's update does not share."""
        fakes = self.fake(batch, k)
        shown = fakes if self.replay is None else self.sample_replay(fakes, k)
        tracked = self.discriminator_step(self.real(batch), shown, k)
        return self.adapt(tracked, batch) if self.adaptive else tracked

    def adapt(self, tracked: dict[str, tf.Tensor], batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Lets p of the augmentation follow how D judged a batch of real samples; returns p too, tracked."""
        if self.learning:
            images = batches.shape_of(batch[self.sample_key])[0]
            self.augmentation.observe(tracked["d_accuracy_real"], images)
        return tracked | {"augment_p": self.augmentation.p.value}

    def discriminator_step(
        self, real: list[tf.Tensor], fakes: list[tf.Tensor], k: int | tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Updates D for the k-th time in this step, on its inputs; returns what is tracked of it."""
        with tf.GradientTape() as tape:
            # Two calls, not one on the concatenation: each batch is normalised by its own statistics.
            real_logits = self.discriminate(real, purpose=2 * k + 1)
            fake_logits = self.discriminate(fakes, purpose=2 * k + 2)
            targets = ()
            if self.label_targets is not None:
                targets = self.label_targets(real_logits, self.step_seed(randomness.LABEL_NOISE, k))
            d_loss = self.adversarial_loss.discriminator(real_logits, fake_logits, *targets)
            objective = d_loss
            if self.l2 or self.r1 or self.r2 or self.lecam:
                objective += self.discriminator_penalty(real, fakes, k, (real_logits, fake_logits))
        norm = self.update_discriminator(objective, tape)
        if self.adversarial_loss.paired:
            real_logits, fake_logits = real_logits - fake_logits, fake_logits - real_logits
        shares = accuracies(real_logits, fake_logits, self.adversarial_loss.boundary)
        return {"d_loss": d_loss, "d_gradient_norm": norm, **shares}

    def split_batch(self, batch: dict[str, tf.Tensor]) -> list[dict[str, tf.Tensor]]:
        """Splits a batch into ``batches_per_step`` of fresh samples; in ``test_step`` it stays whole.

        A batch whose size is known only when the graph runs, such as each of ``fit`` on an array, is split as
        evenly as possible.

        Raises:
            InputError: the size is known, and is not a multiple of ``batches_per_step``.
        """
        if not self.learning:
            return [batch]
        samples = batch[self.sample_key]
        n = samples.shape[0]
        if n is None:
            return batches.split_evenly(batch, tf.shape(samples)[0], self.batches_per_step)
        if n % self.batches_per_step:
            raise InputError(
                f"a batch of {n} does not hold the {self.batches_per_step} batches of one size that a step "
                f"with n_critic {self.n_critic} takes"
            )
        parts = {name: tf.split(value, self.batches_per_step) for name, value in batch.items()}
        return [dict(zip(parts, values, strict=True)) for values in zip(*parts.values(), strict=True)]

    def real(self, batch: dict[str, tf.Tensor]) -> list[tf.Tensor]:
        """Returns D's inputs for a batch of real samples: [samples], or [samples, label]."""
        samples = batch[self.sample_key]
        samples = pack(samples, self.packing) if self.packing > 1 else samples
        return [samples, *self.batch_labels(batch)]

    def fake(self, batch: dict[str, tf.Tensor], critic_step: int | tf.Tensor = 0) -> list[tf.Tensor]:
        """Draws as many fakes as ``batch`` has real samples and returns D's inputs for them.

        They take the labels of the real samples, so that labels alone tell D nothing, and lose the pixels
        that those miss.
        """
        samples = batch[self.sample_key]
        latents = self.latents(samples.shape[0] or tf.shape(samples)[0], critic_step)
        labels = self.batch_labels(batch)
        fakes = self.generator([latents, *labels] if labels else latents, training=self.learning)
        if self.measure_fakes and "mask" in batch:
            fakes *= tf.cast(batch["mask"], fakes.dtype)
        return [pack(fakes, self.packing) if self.packing > 1 else fakes, *labels]

    def discriminate(self, inputs: list[tf.Tensor], purpose: int | tf.Tensor) -> tf.Tensor:
        """Returns D's outputs for [samples, *labels], augmented and with noise as in training.

        ``purpose`` is a number that no other call of the same step uses, so that each has its own noise.
        """
        samples, *labels = inputs
        fakes, outputs = self.pending.seen or (None, None)
        if samples is fakes and purpose == 0:
            return outputs
        shown = samples
        if self.augmentation is not None or self.instance_noise is not None:
            shown = self.perturb(samples, purpose)
        outputs = self.discriminator([shown, *labels] if labels else shown, training=self.learning)
        if self.simultaneous and purpose == 2:
            self.pending.seen = (samples, outputs)
        return outputs

    def perturb(self, samples: tf.Tensor, purpose: int | tf.Tensor) -> tf.Tensor:
        """Returns ``samples`` as D sees them in training; ``purpose`` is that of ``discriminate``."""
        if self.augmentation is not None:
            samples = self.augmentation(samples, self.step_seed(randomness.AUGMENTATION, purpose))
        if self.instance_noise is not None:
            seed = self.step_seed(randomness.INSTANCE_NOISE, purpose)
            samples = self.instance_noise(samples, seed, self.step.value)
        return samples

    def critic(self, labels: list[tf.Tensor], purpose: int | tf.Tensor) -> Callable[[tf.Tensor], tf.Tensor]:
        """Returns the function from samples to what a gradient penalty differentiates: (N, 1) logits."""
        return lambda samples: self.discriminate([samples, *labels], purpose)

    def sample_replay(self, fakes: list[tf.Tensor], critic_step: int | tf.Tensor = 0) -> list[tf.Tensor]:
        """Returns D's inputs ``fakes``, in training some exchanged for those of the replay buffer."""
        if not self.learning:
            return fakes
        return self.replay.exchange(fakes, self.step_seed(randomness.REPLAY, critic_step))

    def discriminator_penalty(
        self,
        real: list[tf.Tensor],
        fakes: list[tf.Tensor],
        critic_step: int | tf.Tensor,
        logits: tuple[tf.Tensor, ...] = (),
    ) -> tf.Tensor | float:
        """Returns the weighted penalties that any type can take: L2 on D's kernels, R1, R2 and LeCam.

        Args:
            real: D's inputs for real samples.
            fakes: those for the fakes that it is shown; empty in an update without any.
            critic_step: number of this update of D in its step.
            logits: D's (N, 1) for real and for fake samples, where it gives logits.
        """
        penalty = self.regularisation(logits)
        # The purposes are those of D's own calls on the samples: a penalty belongs to what D saw.
        if self.r1:
            samples, *labels = real
            penalty += self.r1 * r1_penalty(self.critic(labels, 2 * critic_step + 1), samples)
        if self.r2 and fakes:
            samples, *labels = fakes
            penalty += self.r2 * r1_penalty(self.critic(labels, 2 * critic_step + 2), samples)
        return penalty

    def regularisation(self, logits: tuple[tf.Tensor, ...]) -> tf.Tensor | float:
        """Returns those of the penalties that take no gradient by samples: L2 on D's kernels, and LeCam."""
        penalty = self.l2 * losses.l2_penalty(self.discriminator.trainable_variables) if self.l2 else 0.0
        if self.lecam is not None and self.learning:
            penalty += self.lecam.penalty(*logits)
        return penalty

    def real_logits(self, batch: dict[str, tf.Tensor]) -> tf.Tensor:
        """Returns the logits of the last real samples of ``batch``, to which G's loss compares its fakes."""
        real = self.real(self.split_batch(batch)[-1])
        return self.discriminate(real, purpose=2 * self.n_critic + 1)


def refuse_settings(settings: dict[str, Any], kind: str) -> None:
    """Refuses settings of ``GAN`` that some types cannot take: replay, packing, num_classes and others.

    Args:
        settings: what the type was given.
        kind: the type's name, and why, for the message.

    Raises:
        InputError: one is given, other than as its default or 0.
    """
    unusable = {"replay": None, "packing": 1, "num_classes": None, "feature_matching": False}
    for name, absent in (unusable | {"historical_averaging": 0.0}).items():
        if settings.get(name, absent) not in (absent, 0):
            raise InputError(f"{name} {settings[name]} is not for {kind}: leave it out")


def features_of(discriminator: keras.Model) -> keras.Model:
    """Returns the network from D's inputs to the features of which its last layer makes the logit.

    Raises:
        InputError: D is no functional model, or makes no logit (N, 1) of features.
    """
    tensor = discriminator.outputs[0] if getattr(discriminator, "outputs", None) else None
    while tensor is not None and tensor.shape[1:] == (1,):
        operation, node, _ = tensor._keras_history
        sources = [] if isinstance(operation, keras.Model) else operation._inbound_nodes[node].input_tensors
        tensor = next(iter(sources), None)  # of a projection's sum, the logit
    if tensor is None:
        raise InputError("the discriminator is no functional model that makes a logit (N, 1) of features")
    return keras.Model(discriminator.inputs, tensor, name="features")


def refuse_adaptive(kind: str, tracked: tuple[str, ...] = (), packing: int = 1) -> None:
    """Refuses adaptive augmentation where the sign of D's outputs does not tell real from fake samples.

    Args:
        kind: the type, and its loss, for the message.
        tracked: what the type tracks: D's accuracies if its outputs have a boundary between real and fake.
        packing: samples in one input of D.

    Raises:
        InputError: they have none, or several samples are one input.
    """
    if not set(ACCURACIES) <= set(tracked):
        raise InputError(
            f"augment ada is not for {kind}: no sign of D's output says real or fake, so that overfitting "
            "cannot be told by it"
        )
    if packing > 1:
        raise InputError(f"augment ada changes single samples, packing {packing} makes one of them: use one")


def check_targets(label_targets: LabelTargets, loss: str) -> LabelTargets | None:
    """Returns ``label_targets`` if they differ from 1 and 0, else None.

    Raises:
        InputError: they do, and ``loss`` has no targets.
    """
    if not (label_targets.smoothing or label_targets.noise):
        return None
    if not losses.adversarial_loss(loss).has_targets:
        raise InputError(
            f"loss {loss} has no targets to smooth or flip: label_smoothing and label_noise are 0"
        )
    return label_targets


def accuracies(real_logits: tf.Tensor, fake_logits: tf.Tensor, boundary: float = 0.0) -> dict[str, tf.Tensor]:
    """Returns the shares of real and of fake samples that D classifies correctly.

    Outputs above ``boundary`` count as real.
    """
    return {
        "d_accuracy_real": tf.reduce_mean(tf.cast(real_logits > boundary, tf.float32)),
        "d_accuracy_fake": tf.reduce_mean(tf.cast(fake_logits <= boundary, tf.float32)),
    }


def class_accuracy(class_logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Returns the share of samples whose largest class logit (N, K) is that of their label (N,)."""
    right = tf.argmax(class_logits, axis=1, output_type=labels.dtype) == labels
    return tf.reduce_mean(tf.cast(right, tf.float32))
