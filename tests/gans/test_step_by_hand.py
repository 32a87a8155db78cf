"""One step of each type against its algorithm written out here, with losses and penalties of its own."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import tiny_batches, tiny_gan, values
from tfgan_ref import randomness
from tfgan_ref.gans import (
    ACGAN,
    BEGAN,
    CUT,
    DRAGAN,
    LSGAN,
    R3GAN,
    SRGAN,
    WGAN,
    WGANGP,
    ConditionalGAN,
    CycleGAN,
    HingeGAN,
    Pix2Pix,
    VanillaGAN,
)
from tfgan_ref.gans.augmentation import DifferentiableAugmentation
from tfgan_ref.gans.techniques import InstanceNoise, LabelTargets

N, UPDATES, RATE = 6, 3, 0.1
L2, R1, R2 = 0.05, 0.3, 0.2
mean = tf.reduce_mean


def log_sigmoid(x):
    return -tf.math.log(1.0 + tf.exp(-x))


def cross_entropy(real, fake):
    return -mean(log_sigmoid(real)) - mean(log_sigmoid(-fake))


def least_squares(real, fake):
    return mean((real - 1.0) ** 2) / 2.0 + mean(fake**2) / 2.0


def hinge(real, fake):
    return mean(tf.maximum(0.0, 1.0 - real)) + mean(tf.maximum(0.0, 1.0 + fake))


def wasserstein(real, fake):
    return mean(fake) - mean(real)


def relativistic(real, fake):
    return -mean(log_sigmoid(real - fake))


PLAYS = {  # of the discriminator and the generator
    "non_saturating": (cross_entropy, lambda fake: -mean(log_sigmoid(fake))),
    "minimax": (cross_entropy, lambda fake: mean(log_sigmoid(-fake))),
    "least_squares": (least_squares, lambda fake: mean((fake - 1.0) ** 2) / 2.0),
    "hinge": (hinge, lambda fake: -mean(fake)),
    "wasserstein": (wasserstein, lambda fake: -mean(fake)),
    "relativistic": (relativistic, None),
}
CASES = {
    "vanilla": (VanillaGAN, {}, "non_saturating"),
    "minimax": (VanillaGAN, {"loss": "minimax"}, "minimax"),
    "relativistic": (VanillaGAN, {"loss": "relativistic"}, "relativistic"),
    "lsgan": (LSGAN, {}, "least_squares"),
    "hinge": (HingeGAN, {}, "hinge"),
    "wgan": (WGAN, {"clip": 0.02}, "wasserstein"),
    "wgan_gp": (WGANGP, {"penalty_weight": 3.0}, "wasserstein"),
    "one_sided": (WGANGP, {"penalty_weight": 3.0, "one_sided": True}, "wasserstein"),
    "dragan": (DRAGAN, {"penalty_weight": 3.0, "spread": 0.2}, "non_saturating"),
    "acgan": (ACGAN, {"class_weight": 0.7}, "non_saturating"),
    "conditional": (ConditionalGAN, {}, "non_saturating"),
    "conditional_relativistic": (ConditionalGAN, {"loss": "relativistic"}, "relativistic"),
    "conditional_hinge": (ConditionalGAN, {"loss": "hinge"}, "hinge"),
}


def made(case):
    kind, own, _ = CASES[case]
    return tiny_gan(
        case.startswith("conditional"),
        kind,
        n_critic=UPDATES,
        seed=5,
        optimizers=(keras.optimizers.SGD(RATE), keras.optimizers.SGD(RATE)),
        l2=L2,
        r1=R1,
        r2=R2,
        **own,
    )


def gradient_norms(critic, points):
    with tf.GradientTape() as tape:
        tape.watch(points)
        scores = critic(points)
    return tf.norm(tf.reshape(tape.gradient(scores, points), [N, -1]), axis=1)


class Twin:
    """Does by hand what a step of the GAN of a case does, with networks of its own."""

    def __init__(self, case):
        self.gan, self.case = made(case), case
        _, self.own, play = CASES[case]
        self.judge, self.fool = PLAYS[play]
        self.logs = {}

    def discriminate(self, samples, labels):
        """The logits, and the class logits or None."""
        inputs = [samples, labels] if self.case.startswith("conditional") else samples
        outputs = self.gan.discriminator(inputs)
        return outputs if self.case == "acgan" else (outputs, None)

    def fakes(self, labels, update):
        latents = self.gan.latents(N, update)
        return self.gan.generator([latents, labels] if labels is not None else latents)

    def draw(self, shape, update, *numbers):
        seed = randomness.fold_in(self.gan.step_seed(randomness.PENALTY, update), *numbers)
        return randomness.uniform(shape, seed)

    def class_loss(self, logits, labels):
        chosen = tf.gather(tf.nn.softmax(logits), labels, batch_dims=1)
        return -self.own["class_weight"] * mean(tf.math.log(chosen))

    def penalty(self, real, fake, labels, update):
        """What is added to the discriminator's loss."""
        kernels = [v.value for v in self.gan.discriminator.trainable_variables if len(v.shape) > 1]
        total = L2 / 2.0 * sum(tf.reduce_sum(kernel**2) for kernel in kernels)

        def critic(points):
            return self.discriminate(points, labels)[0]

        total += R1 / 2.0 * mean(gradient_norms(critic, real) ** 2)
        total += R2 / 2.0 * mean(gradient_norms(critic, fake) ** 2)
        if "penalty_weight" in self.own:
            if self.case == "dragan":
                far = real + 0.2 * tf.math.reduce_std(real) * self.draw(real.shape, update)
                points = real + self.draw([N, 1, 1, 1], update, 1) * (far - real)
            else:
                share = self.draw([N, 1, 1, 1], update)
                points = share * real + (1.0 - share) * fake
            excess = gradient_norms(critic, points) - 1.0
            if self.case == "one_sided":
                excess = tf.maximum(excess, 0.0)
            total += self.own["penalty_weight"] * mean(excess**2)
        return total

    def descend(self, tape, loss, variables, clip=None):
        gradients = tape.gradient(loss, [v.value for v in variables])
        for variable, slope in zip(variables, gradients, strict=True):
            after = variable.value - RATE * tf.convert_to_tensor(slope)
            variable.assign(after if clip is None else tf.clip_by_value(after, -clip, clip))

    def step(self, batch):
        generator, discriminator = self.gan.generator, self.gan.discriminator
        with_labels = self.gan.num_classes is not None
        for update in range(UPDATES):
            rows = slice(N * update, N * update + N)
            real, labels = batch["image"][rows], batch["label"][rows] if with_labels else None
            fake = self.fakes(labels, update)
            with tf.GradientTape() as tape:
                (real_logits, real_classes), (fake_logits, fake_classes) = (
                    self.discriminate(samples, labels) for samples in (real, fake)
                )
                d_loss = self.judge(real_logits, fake_logits)
                if self.case == "acgan":
                    d_loss += self.class_loss(real_classes, labels) + self.class_loss(fake_classes, labels)
                objective = d_loss + self.penalty(real, fake, labels, update)
            self.descend(tape, objective, discriminator.trainable_variables, self.own.get("clip"))
        threshold = 0.5 if self.case == "lsgan" else 0.0
        if self.judge is relativistic:
            real_logits, fake_logits = real_logits - fake_logits, fake_logits - real_logits
        self.logs = {
            "d_loss": d_loss,
            "d_accuracy_real": np.mean(real_logits > threshold),
            "d_accuracy_fake": np.mean(fake_logits <= threshold),
        }
        if self.case == "acgan":
            for name, logits in (("real", real_classes), ("fake", fake_classes)):
                self.logs[f"class_accuracy_{name}"] = np.mean(np.argmax(logits, 1) == labels)
        with tf.GradientTape() as tape:
            logits, classes = self.discriminate(self.fakes(labels, UPDATES - 1), labels)
            if self.fool is None:  # the parts of real and fake are exchanged
                g_loss = self.judge(logits, self.discriminate(real, labels)[0])
            else:
                g_loss = self.fool(logits)
            if self.case == "acgan":
                g_loss += self.class_loss(classes, labels)
        self.descend(tape, g_loss, generator.trainable_variables)
        self.logs["g_loss"] = g_loss


@pytest.mark.parametrize("case", CASES)
def test_a_step_is_its_algorithm(case):
    batch = tiny_batches(1, batch_size=N * UPDATES)[0]
    gan, twin = made(case), Twin(case)
    twin.step(batch)
    logs = gan.train_step(batch)
    for name in set(logs) & set(twin.logs):
        assert float(logs[name]) == pytest.approx(float(twin.logs[name]), rel=1e-4), name
    for network in ("generator", "discriminator"):
        pairs = zip(
            values(getattr(gan, network).weights), values(getattr(twin.gan, network).weights), strict=True
        )
        for after, expected in pairs:
            np.testing.assert_allclose(after, expected, rtol=1e-4, atol=1e-6, err_msg=network)


def calls_of(network, monkeypatch):
    """Notes what ``network`` is called with: a list of (inputs, training)."""
    seen, call = [], type(network).__call__

    def noted(self, inputs, *arguments, training=None, **settings):
        if self is network:
            seen.append((inputs, training))
        return call(self, inputs, *arguments, training=training, **settings)

    monkeypatch.setattr(type(network), "__call__", noted)
    return seen


def test_networks_run_in_training_mode(monkeypatch):
    gan = tiny_gan()
    seen = {name: calls_of(getattr(gan, name), monkeypatch) for name in ("generator", "discriminator")}
    gan.train_step(tiny_batches(1)[0])
    assert [training for _, training in seen["generator"]] == [True]
    assert [training for _, training in seen["discriminator"]] == [True] * 3


def seen_by_the_discriminator(gan, monkeypatch):
    """Notes the samples of each call of ``gan.discriminate`` by its purpose."""
    seen, call = {}, gan.discriminate

    def noted(inputs, purpose):
        seen.setdefault(purpose, []).append(np.array(inputs[0]))
        return call(inputs, purpose)

    monkeypatch.setattr(gan, "discriminate", noted)
    return seen


def test_past_fakes_are_for_the_discriminator_alone(monkeypatch):
    gan = tiny_gan(replay=N)
    seen = seen_by_the_discriminator(gan, monkeypatch)
    present = []
    for batch in tiny_batches(4):
        present.append(gan.generator(gan.latents(N)).numpy())
        gan.train_step(batch)
    for_generator, for_discriminator = np.array(seen[0]), np.array(seen[2])
    np.testing.assert_allclose(for_generator, present, atol=1e-6)
    np.testing.assert_allclose(for_discriminator[0], present[0], atol=1e-6)  # the buffer was empty
    unlike = np.abs(for_discriminator - present).max(axis=(2, 3, 4)) > 1e-3
    assert unlike[1:].any(axis=1).all()
    assert not unlike.all()


def test_each_call_of_the_discriminator_has_a_purpose_of_its_own(monkeypatch):
    gan = tiny_gan(n_critic=2)
    seen = seen_by_the_discriminator(gan, monkeypatch)
    gan.train_step(tiny_batches(1, batch_size=2 * N)[0])
    assert {purpose: len(samples) for purpose, samples in seen.items()} == dict.fromkeys(range(5), 1)


@pytest.mark.parametrize(
    "technique",
    [{"instance_noise": InstanceNoise(0.1)}, {"augmentation": DifferentiableAugmentation(["colour"])}],
    ids=["noise", "augmentation"],
)
def test_real_and_fake_samples_get_draws_of_their_own(technique):
    gan = tiny_gan(**technique)
    samples = tiny_batches(1)[0]["image"]
    changed = [gan.perturb(samples, purpose).numpy() for purpose in (1, 1, 2)]
    np.testing.assert_array_equal(changed[0], changed[1])
    assert np.abs(changed[0] - changed[2]).max() > 0.01


@pytest.mark.parametrize(("kind", "judge"), [(LSGAN, least_squares), (VanillaGAN, cross_entropy)])
def test_smoothed_targets_reach_the_loss(kind, judge):
    batch = tiny_batches(1)[0]
    plain, smoothed = (tiny_gan(kind=kind, label_targets=LabelTargets(s)) for s in (0.0, 0.3))
    fake = plain.discriminator(plain.generator(plain.latents(N)))
    real = plain.discriminator(batch["image"])
    if kind is LSGAN:
        expected = mean((real - 0.7) ** 2) / 2.0 + mean(fake**2) / 2.0
    else:
        expected = -mean(0.7 * log_sigmoid(real) + 0.3 * log_sigmoid(-real)) - mean(log_sigmoid(-fake))
    assert float(plain.train_step(batch)["d_loss"]) == pytest.approx(float(judge(real, fake)), rel=1e-5)
    assert float(smoothed.train_step(batch)["d_loss"]) == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("conditional", [False, True])
def test_label_noise_is_drawn_anew_in_each_update(conditional):
    drawn = []

    class Noted(LabelTargets):
        def __call__(self, logits, seed):
            drawn.append(tuple(seed.numpy()))
            return super().__call__(logits, seed)

    gan = tiny_gan(conditional, n_critic=3, label_targets=Noted(noise=0.2))
    for batch in tiny_batches(2, batch_size=3 * N):
        gan.train_step(batch)
    assert len(set(drawn)) == 6


def test_defaults_are_those_of_the_papers():
    papers = {
        VanillaGAN: {"loss": "non_saturating"},
        WGAN: {"clip": 0.01, "n_critic": 5},
        WGANGP: {"penalty_weight": 10.0, "one_sided": False, "n_critic": 5},
        DRAGAN: {"penalty_weight": 10.0, "spread": 0.5},
        ACGAN: {"class_weight": 1.0},
        R3GAN: {"burn_in_gamma": 10.0},
        BEGAN: {"gamma": 0.5, "k_rate": 0.001},
        CycleGAN: {"cycle_weight": 10.0, "identity_weight": 0.5, "loss": "least_squares", "replay": 50},
        CUT: {"contrastive_weight": 1.0, "identity_weight": 1.0, "patches": 256, "temperature": 0.07},
        Pix2Pix: {"l1_weight": 100.0, "adversarial_weight": 1.0, "loss": "non_saturating"},
        SRGAN: {"adversarial_weight": 1e-3},
    }
    for kind, defaults in papers.items():
        parameters = inspect.signature(kind).parameters
        assert {name: parameters[name].default for name in defaults} == defaults, kind
