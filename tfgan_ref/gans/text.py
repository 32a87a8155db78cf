"""GAN whose samples are sentences, with three objectives for the discrete choice of words."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_ref import losses, randomness
from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.gans.gan import ACCURACIES, GAN, LOSSES_AND_NORMS, accuracies
from tfgan_ref.gans.penalties import interpolate_norms, refuse_batch_norm

OBJECTIVES = ("gumbel", "wgan_gp", "policy_gradient")


@keras.saving.register_keras_serializable(package="tfgan_ref")
class TextGAN(GAN):
    """Conditional GAN of sentences: generator and discriminator are both given a topic.

    ``objective`` chooses how the generator is trained:

    - gumbel: G draws words by straight-through Gumbel-softmax (Jang et al. 2017), so that D's gradient passes
      through them; non-saturating loss (Kusner and Hernandez-Lobato 2016).
    - wgan_gp: in training G's words are mixtures, Gumbel-softmax as it is, which a critic with gradient
      penalty compares with one-hot words (Gulrajani et al. 2017, section 5.4).
    - policy_gradient: no gradient passes through words; sentences with a higher reward are made more likely
      (REINFORCE, Williams 1992, as in SeqGAN, Yu et al. 2017, equation 8). The reward is D's logit of the
      whole sentence, without SeqGAN's roll-outs, less the mean of the batch's others.

    A first phase of ``pretraining_steps`` raises the likelihood of the data alone, as SeqGAN and RelGAN (Nie
    et al. 2019) do; after it ``likelihood_weight`` weights it beside the adversarial loss.

    Args:
        generator: ``networks.text_generator``'s, relaxed for wgan_gp and for no other.
        discriminator: [sentences (N, T, V), label (N,)] to logits (N, 1), without batch norm.
        num_classes: topics are 0 to num_classes - 1.
        objective: one of ``OBJECTIVES``.
        pretraining_steps: of maximum likelihood, before adversarial training.
        likelihood_weight: of the mean negative log-likelihood of a word (nats) in G's loss after it.
        penalty_weight: of wgan_gp's gradient penalty; ``r1`` is the others' penalty.
        settings: those of ``GAN``.

    Raises:
        InputError: ``objective`` is unknown or not what the generator is made for, the discriminator has
            batch norm, or a setting is out of range.
    """

    tracked = (*LOSSES_AND_NORMS[:2], "likelihood_loss", *ACCURACIES, *LOSSES_AND_NORMS[2:])
    matches_features = False

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        num_classes: int,
        objective: str = "gumbel",
        pretraining_steps: int = 0,
        likelihood_weight: float = 0.0,
        penalty_weight: float = 10.0,
        **settings: Any,
    ) -> None:
        if objective not in OBJECTIVES:
            raise InputError(f"objective {objective!r} is unknown: choose one of {', '.join(OBJECTIVES)}")
        check_at_least(
            0,
            pretraining_steps=pretraining_steps,
            likelihood_weight=likelihood_weight,
            penalty_weight=penalty_weight,
        )
        refuse_batch_norm(discriminator, "TextGAN")
        super().__init__(generator, discriminator, num_classes=num_classes, sample_key="tokens", **settings)
        self.sentence_layer = generator.get_layer("sentences")
        if self.sentence_layer.relaxed != (objective == "wgan_gp"):
            made = "relaxed" if self.sentence_layer.relaxed else "one-hot"
            raise InputError(f"objective {objective} does not go with a generator of {made} words")
        self.objective = objective
        self.boundaries = (pretraining_steps,) if pretraining_steps else ()
        self.likelihood_weight = likelihood_weight
        self.penalty_weight = penalty_weight

    @property
    def number_limits(self) -> dict[str, int]:
        """Words and topics, each with the number of its values."""
        return super().number_limits | {"tokens": self.sentence_layer.vocabulary}

    def real(self, batch: dict[str, tf.Tensor]) -> list[tf.Tensor]:
        """Returns D's inputs for a batch of real sentences: [one-hot words (N, T, V), label]."""
        return [tf.one_hot(batch["tokens"], self.sentence_layer.vocabulary), *self.batch_labels(batch)]

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Runs one step of the phase that training is in."""
        batch = self.as_batch(data)
        if self.phase < len(self.boundaries):
            return self.pretraining_step(batch)
        return self.adversarial_step(batch)

    def pretraining_step(self, batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Updates G once to raise the likelihood of all sentences of the batch."""
        with tf.GradientTape() as tape:
            loss = self.likelihood_loss(self.real(batch))
        norm = self.update_generator(loss, tape)
        return self.finish_step(likelihood_loss=loss, g_gradient_norm=norm)

    def adversarial_step(self, batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Updates D n_critic times on (real, topic) and (fake, topic), then G once through the updated D."""
        *_, last = self.split_batch(batch)
        with tf.GradientTape() as tape:
            fakes, tracked = self.train_discriminator(batch, tape)
            g_loss = self.generator_loss(fakes)
            likelihood = self.likelihood_loss(self.real(last))
            objective = g_loss + self.likelihood_weight * likelihood if self.likelihood_weight else g_loss
        norm = self.update_generator(objective, tape)
        return self.finish_step(g_loss=g_loss, likelihood_loss=likelihood, g_gradient_norm=norm, **tracked)

    def discriminator_step(
        self, real: list[tf.Tensor], fakes: list[tf.Tensor], k: int | tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Updates D for the k-th time in this step, on its inputs; returns what is tracked of it."""
        with tf.GradientTape() as tape:
            real_logits = self.discriminate(real, purpose=2 * k + 1)
            fake_logits = self.discriminate(fakes, purpose=2 * k + 2)
            if self.objective == "wgan_gp":
                d_loss = losses.wasserstein_critic(real_logits, fake_logits)
                critic = self.critic(real[1:], purpose=2 * k + 1)
                seed = self.step_seed(randomness.PENALTY, k)
                norms = interpolate_norms(critic, real[0], fakes[0], seed)
                penalty = self.penalty_weight * losses.norm_penalty(norms)
            else:
                d_loss = losses.discriminator_cross_entropy(real_logits, fake_logits)
                penalty = 0.0
            objective = (
                d_loss + penalty + self.discriminator_penalty(real, fakes, k, (real_logits, fake_logits))
            )
        norm = self.update_discriminator(objective, tape)
        return {"d_loss": d_loss, "d_gradient_norm": norm, **accuracies(real_logits, fake_logits)}

    def generator_loss(self, fakes: list[tf.Tensor]) -> tf.Tensor:
        """Returns the adversarial loss of G for its sentences."""
        if self.objective == "policy_gradient":
            fakes = [tf.stop_gradient(fakes[0]), *fakes[1:]]
            return policy_loss(self.log_likelihoods(fakes), self.discriminate(fakes, purpose=0)[:, 0])
        logits = self.discriminate(fakes, purpose=0)
        if self.objective == "wgan_gp":
            return losses.wasserstein_generator(logits)
        return losses.non_saturating_generator(logits)

    def likelihood_loss(self, real: list[tf.Tensor]) -> tf.Tensor:
        """Returns the mean negative log-likelihood of a word of real sentences, ends included, in nats."""
        words = tf.reduce_sum(counted(real[0]))
        return -tf.reduce_sum(self.log_likelihoods(real)) / words

    def log_likelihoods(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """Returns log p(sentence | topic) of [one-hot sentences (N, T, V), label]: (N,), in nats."""
        sentences, label = inputs
        log_p = tf.nn.log_softmax(self.sentence_layer.logits(sentences, label))
        of_words = tf.reduce_sum(sentences * log_p, axis=-1)
        return tf.reduce_sum(of_words * counted(sentences), axis=1)


def counted(sentences: tf.Tensor) -> tf.Tensor:
    """Returns 1 for the words of one-hot ``sentences`` (N, T, V) and their first end, 0 after it: (N, T)."""
    return tf.nn.relu(1.0 - tf.math.cumsum(sentences[:, :, 0], axis=1, exclusive=True))


def policy_loss(log_likelihoods: tf.Tensor, rewards: tf.Tensor) -> tf.Tensor:
    """Returns a loss whose gradient is the negative of REINFORCE's; the baseline is the others' mean reward.

    Args:
        log_likelihoods: (N,) of sentences that the policy drew, N at least 2.
        rewards: (N,); no gradient passes.
    """
    n = tf.cast(rewards.shape[0] or tf.shape(rewards)[0], tf.float32)
    advantages = tf.stop_gradient(rewards - tf.reduce_mean(rewards))
    advantages *= n / tf.maximum(1.0, n - 1.0)
    return -tf.reduce_mean(advantages * log_likelihoods)
