"""Adversarial losses on logits, and penalties. Pure functions, all minimised.

Each adversarial loss is a pair: the discriminator's from real and fake logits, the generator's from fake
logits, and where it compares pairs from real ones too. Logits are of shape (N, 1), higher means more real;
every loss is a float32 scalar and computed in float32, whatever the precision of the logits.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import tensorflow as tf

from tfgan_ref.errors import InputError


class AdversarialLoss(NamedTuple):
    """The two sides of one objective.

    Attributes:
        discriminator: (real_logits, fake_logits) to a scalar; if ``has_targets``, also (real_targets=1,
            fake_targets=0).
        generator: fake_logits to a scalar; if ``paired``, (fake_logits, real_logits).
        has_targets: whether logits are pulled towards targets, which can be smoothed and flipped.
        boundary: logits above it count as real; if ``paired``, their differences.
        paired: whether D says which of a real and a fake sample is the more real, and not how real each is.
    """

    discriminator: Callable[..., tf.Tensor]
    generator: Callable[..., tf.Tensor]
    has_targets: bool
    boundary: float = 0.0
    paired: bool = False


def cross_entropy(logits: tf.Tensor, targets: tf.Tensor | float) -> tf.Tensor:
    """Mean of -t log sigma(l) - (1 - t) log(1 - sigma(l)), in a form that cannot overflow.

    ``targets`` in [0, 1]: a number or one per example.
    """
    logits, targets = tf.cast(logits, tf.float32), tf.cast(targets, tf.float32)
    return tf.reduce_mean(tf.nn.softplus(logits) - targets * logits)


def discriminator_cross_entropy(
    real_logits: tf.Tensor,
    fake_logits: tf.Tensor,
    real_targets: tf.Tensor | float = 1.0,
    fake_targets: tf.Tensor | float = 0.0,
) -> tf.Tensor:
    """-E log D(x) - E log(1 - D(G(z))): Goodfellow et al. 2014, the negative of equation 1."""
    return cross_entropy(real_logits, real_targets) + cross_entropy(fake_logits, fake_targets)


def non_saturating_generator(fake_logits: tf.Tensor) -> tf.Tensor:
    """-E log D(G(z)): Goodfellow et al. 2014, section 3; its gradient is largest where D is sure of fakes."""
    return cross_entropy(fake_logits, 1.0)


def minimax_generator(fake_logits: tf.Tensor) -> tf.Tensor:
    """E log(1 - D(G(z))): equation 1 as written; its gradient vanishes where D is sure of fakes."""
    return -cross_entropy(fake_logits, 0.0)


def least_squares_discriminator(
    real_logits: tf.Tensor,
    fake_logits: tf.Tensor,
    real_targets: tf.Tensor | float = 1.0,
    fake_targets: tf.Tensor | float = 0.0,
) -> tf.Tensor:
    """1/2 E (D(x) - 1)^2 + 1/2 E D(G(z))^2: Mao et al. 2017, equation 9 with a = 0 and b = 1."""
    real = tf.reduce_mean(tf.square(tf.cast(real_logits, tf.float32) - real_targets))
    return 0.5 * (real + tf.reduce_mean(tf.square(tf.cast(fake_logits, tf.float32) - fake_targets)))


def least_squares_generator(fake_logits: tf.Tensor) -> tf.Tensor:
    """1/2 E (D(G(z)) - 1)^2: Mao et al. 2017, equation 9 with c = 1."""
    return 0.5 * tf.reduce_mean(tf.square(tf.cast(fake_logits, tf.float32) - 1.0))


def wasserstein_critic(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """E f(G(z)) - E f(x): the negative of Arjovsky et al. 2017, equation 3, since it is minimised here."""
    real_logits, fake_logits = tf.cast(real_logits, tf.float32), tf.cast(fake_logits, tf.float32)
    return tf.reduce_mean(fake_logits) - tf.reduce_mean(real_logits)


def wasserstein_generator(fake_logits: tf.Tensor) -> tf.Tensor:
    """-E f(G(z)): Arjovsky et al. 2017, Algorithm 1, line 10. Also the generator's side of the hinge loss."""
    return -tf.reduce_mean(tf.cast(fake_logits, tf.float32))


def hinge_discriminator(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """E max(0, 1 - D(x)) + E max(0, 1 + D(G(z))): Lim and Ye 2017; Miyato et al. 2018, equation 16."""
    real_logits, fake_logits = tf.cast(real_logits, tf.float32), tf.cast(fake_logits, tf.float32)
    return tf.reduce_mean(tf.nn.relu(1.0 - real_logits)) + tf.reduce_mean(tf.nn.relu(1.0 + fake_logits))


def relativistic_discriminator(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """E softplus(-(D(x) - D(G(z)))): Huang et al. 2024, equation 2, as -f(t) = softplus(-t) is minimised.

    RpGAN of Jolicoeur-Martineau 2019. The n-th real sample is paired with the n-th fake one.
    """
    real_logits, fake_logits = tf.cast(real_logits, tf.float32), tf.cast(fake_logits, tf.float32)
    return tf.reduce_mean(tf.nn.softplus(fake_logits - real_logits))


def relativistic_generator(fake_logits: tf.Tensor, real_logits: tf.Tensor) -> tf.Tensor:
    """E softplus(-(D(G(z)) - D(x))): the discriminator's loss with the parts of real and fake exchanged."""
    return relativistic_discriminator(fake_logits, real_logits)


NON_SATURATING = AdversarialLoss(discriminator_cross_entropy, non_saturating_generator, True)
MINIMAX = AdversarialLoss(discriminator_cross_entropy, minimax_generator, True)
LEAST_SQUARES = AdversarialLoss(least_squares_discriminator, least_squares_generator, True, 0.5)
WASSERSTEIN = AdversarialLoss(wasserstein_critic, wasserstein_generator, False)
HINGE = AdversarialLoss(hinge_discriminator, wasserstein_generator, False)
RELATIVISTIC = AdversarialLoss(relativistic_discriminator, relativistic_generator, False, paired=True)
ADVERSARIAL_LOSSES = {
    "non_saturating": NON_SATURATING,
    "minimax": MINIMAX,
    "least_squares": LEAST_SQUARES,
    "wasserstein": WASSERSTEIN,
    "hinge": HINGE,
    "relativistic": RELATIVISTIC,
}
UNPAIRED = ("non_saturating", "minimax", "least_squares", "wasserstein", "hinge")  # those of single samples


def adversarial_loss(name: str, choices: Sequence[str] = tuple(ADVERSARIAL_LOSSES)) -> AdversarialLoss:
    """Returns the loss of that name, which is one of ``choices``.

    Raises:
        InputError: it is not.
    """
    if name not in choices:
        raise InputError(f"loss {name!r} is unknown: choose one of {', '.join(choices)}")
    return ADVERSARIAL_LOSSES[name]


def gradient_norms(gradients: tf.Tensor, epsilon: float = 1e-12) -> tf.Tensor:
    """Euclidean norms (N,) of gradients (N, D). At 0 the derivative is 0 and not NaN, thanks to epsilon."""
    gradients = tf.cast(gradients, tf.float32)
    return tf.sqrt(tf.reduce_sum(tf.square(gradients), axis=1) + epsilon)


def norm_penalty(norms: tf.Tensor, *, one_sided: bool = False) -> tf.Tensor:
    """E (|g| - 1)^2, or E max(0, |g| - 1)^2: Gulrajani et al. 2017, equation 3 and section 4."""
    excess = tf.nn.relu(norms - 1.0) if one_sided else norms - 1.0
    return tf.reduce_mean(tf.square(excess))


def zero_centred_penalty(gradients: tf.Tensor) -> tf.Tensor:
    """1/2 E |g|^2 for gradients (N, D): Mescheder et al. 2018, equation 9 without its gamma."""
    gradients = tf.cast(gradients, tf.float32)
    return 0.5 * tf.reduce_mean(tf.reduce_sum(tf.square(gradients), axis=1))


def lecam_penalty(
    real_logits: tf.Tensor, fake_logits: tf.Tensor, real_average: tf.Tensor, fake_average: tf.Tensor
) -> tf.Tensor:
    """E max(0, D(x) - a_F)^2 + E max(0, a_R - D(G(z)))^2: Tseng et al. 2021, section 3, without its lambda.

    a_R and a_F are averages of D's outputs for real and for fake samples. The paper squares the differences
    themselves; the authors' code, as here, those of the sign that they have while D ranks real above fake.
    """
    real_logits, fake_logits = tf.cast(real_logits, tf.float32), tf.cast(fake_logits, tf.float32)
    above_fakes = tf.reduce_mean(tf.square(tf.nn.relu(real_logits - fake_average)))
    return above_fakes + tf.reduce_mean(tf.square(tf.nn.relu(real_average - fake_logits)))


def reconstruction_error(samples: tf.Tensor, reconstructions: tf.Tensor, *, power: int = 2) -> tf.Tensor:
    """Mean over all values of |x - D(x)|^power: the energy (N,) of an autoencoding discriminator.

    ``power`` is 2 in EBGAN (Zhao et al. 2017, equation 4) and 1 in BEGAN (Berthelot et al. 2017, equation 1).
    """
    difference = tf.cast(samples, tf.float32) - tf.cast(reconstructions, tf.float32)
    error = tf.abs(difference) if power == 1 else tf.square(difference)
    return tf.reduce_mean(error, axis=list(range(1, len(samples.shape))))


def pulling_away(codes: tf.Tensor, epsilon: float = 1e-12) -> tf.Tensor:
    """Mean squared cosine between the codes (N, D) of different samples: Zhao et al. 2017, equation 5."""
    n = codes.shape[0] or tf.shape(codes)[0]
    codes = tf.cast(codes, tf.float32)
    unit = codes * tf.math.rsqrt(tf.reduce_sum(tf.square(codes), axis=1, keepdims=True) + epsilon)
    cosines = tf.matmul(unit, unit, transpose_b=True)
    squares = tf.square(cosines)
    of_others = tf.reduce_sum(squares) - tf.reduce_sum(tf.linalg.diag_part(squares))
    return of_others / tf.cast(tf.maximum(1, n * (n - 1)), tf.float32)


def feature_matching(real_features: tf.Tensor, fake_features: tf.Tensor) -> tf.Tensor:
    """|E f(x) - E f(G(z))|^2 of features (N, ...): Salimans et al. 2016, section 3.1."""
    real, fake = (
        tf.reduce_mean(tf.cast(features, tf.float32), axis=0) for features in (real_features, fake_features)
    )
    return tf.reduce_sum(tf.square(real - fake))


def patch_nce(
    queries: tf.Tensor, keys: tf.Tensor, temperature: float = 0.07, epsilon: float = 1e-6
) -> tf.Tensor:
    """Mean of -log softmax(cos(q_p, k) / tau) at the same patch p: Park et al. 2020, section 3.

    The negatives of a patch are the other patches of its own picture. The paper sums over the patches; the
    mean is the authors' code's.

    Args:
        queries: of the translations, vectors (N, P, K).
        keys: of the pictures that were translated, of the same shape.
        temperature: tau.
        epsilon: added to squared lengths, so that a vector of zeros has a gradient of moderate length.
    """
    queries, keys = (
        vectors * tf.math.rsqrt(tf.reduce_sum(tf.square(vectors), axis=-1, keepdims=True) + epsilon)
        for vectors in (tf.cast(queries, tf.float32), tf.cast(keys, tf.float32))
    )
    logits = tf.matmul(queries, keys, transpose_b=True) / temperature
    own = tf.reduce_sum(queries * keys, axis=-1) / temperature
    return tf.reduce_mean(tf.reduce_logsumexp(logits, axis=-1) - own)


def class_cross_entropy(class_logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Mean of -log p(label) for class logits (N, K): L_C of Odena et al. 2017, equation 3, negated."""
    class_logits = tf.cast(class_logits, tf.float32)
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, class_logits))


def categorical_information(code_logits: tf.Tensor, codes: tf.Tensor) -> tf.Tensor:
    """E log Q(c | x) + log K in nats, at most I(c; x), for one uniform code of K values.

    Chen et al. 2016, equation 4.

    Args:
        code_logits: Q's (N, K).
        codes: (N,), from 0 to K - 1.
    """
    return math.log(code_logits.shape[-1]) - class_cross_entropy(code_logits, codes)


def uniform_information(codes: tf.Tensor, mean: tf.Tensor, log_variance: tf.Tensor) -> tf.Tensor:
    """E log Q(c | x) + M log 2 in nats, at most I(c; x), for M codes (N, M) uniform on [-1, 1].

    Q is N(mean, variance) for each code: Chen et al. 2016, equation 4 and appendix C.
    """
    codes, mean, log_variance = (tf.cast(part, tf.float32) for part in (codes, mean, log_variance))
    squares = tf.square(codes - mean) * tf.exp(-log_variance)
    log_likelihoods = -0.5 * (squares + log_variance + math.log(2.0 * math.pi))
    return tf.reduce_mean(tf.reduce_sum(log_likelihoods + math.log(2.0), axis=1))


def standard_normal_divergence(mean: tf.Tensor, log_variance: tf.Tensor) -> tf.Tensor:
    """KL(N(mean, variance) || N(0, I)) in nats, (N,): Kingma and Welling 2014, appendix B."""
    mean, log_variance = tf.cast(mean, tf.float32), tf.cast(log_variance, tf.float32)
    terms = tf.square(mean) + tf.exp(log_variance) - log_variance - 1.0
    return 0.5 * tf.reduce_sum(terms, axis=1)


def l2_penalty(variables: Sequence[tf.Variable]) -> tf.Tensor:
    """Half the sum of squares of all kernels: variables of rank 2 and more, not biases and scales."""
    kernels = [tf.convert_to_tensor(v) for v in variables if len(v.shape) > 1]
    return tf.add_n([tf.nn.l2_loss(tf.cast(kernel, tf.float32)) for kernel in kernels])
