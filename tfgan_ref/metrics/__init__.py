"""Metrics of generators: pure functions on arrays, in float64, with arguments ``(real, fake)``.

Features and logits come from a network of the caller's choice; a score is only comparable with scores from
the same network, resizing and number of samples.
"""

from tfgan_ref.metrics.anomaly import auroc, auroc_interval, average_precision
from tfgan_ref.metrics.checkerboard import checkerboard_energy
from tfgan_ref.metrics.classification import (
    ClassificationAccuracy,
    assigned_accuracy,
    classification_accuracy,
)
from tfgan_ref.metrics.copying import Memorisation, authenticity, memorisation
from tfgan_ref.metrics.diversity import vendi_score
from tfgan_ref.metrics.frechet import frechet_distance, frechet_distance_from_moments
from tfgan_ref.metrics.human import binomial_interval, binomial_p_value, fleiss_kappa
from tfgan_ref.metrics.image_quality import ms_ssim, psnr, psnr_y, ssim, ssim_y
from tfgan_ref.metrics.inception import inception_score, mode_score
from tfgan_ref.metrics.kernel import kernel_distance, maximum_mean_discrepancy
from tfgan_ref.metrics.likelihood import feature_likelihood_divergence
from tfgan_ref.metrics.modes import (
    ModeStatistics,
    StackedModeStatistics,
    mode_statistics,
    stacked_mode_statistics,
)
from tfgan_ref.metrics.neighbours import (
    clipped_density_coverage,
    density_coverage,
    nearest_neighbour_accuracy,
    precision_recall,
)
from tfgan_ref.metrics.sharpness import gradient_energy
from tfgan_ref.metrics.streaming import FrechetMoments
from tfgan_ref.metrics.text import corpus_bleu, distinct_ngrams, memorised_share, self_bleu
from tfgan_ref.metrics.transport import (
    monge_distance,
    sliced_wasserstein_distance,
    wasserstein_distance,
)
from tfgan_ref.metrics.uncertainty import Interval, extrapolate, frechet_infinity, jackknife_interval
from tfgan_ref.metrics.voice import formant_shift, formants, median_pitch

__all__ = [
    "ClassificationAccuracy",
    "FrechetMoments",
    "Interval",
    "Memorisation",
    "ModeStatistics",
    "StackedModeStatistics",
    "assigned_accuracy",
    "auroc",
    "auroc_interval",
    "authenticity",
    "average_precision",
    "binomial_interval",
    "binomial_p_value",
    "checkerboard_energy",
    "classification_accuracy",
    "clipped_density_coverage",
    "corpus_bleu",
    "density_coverage",
    "distinct_ngrams",
    "extrapolate",
    "feature_likelihood_divergence",
    "fleiss_kappa",
    "formant_shift",
    "formants",
    "frechet_distance",
    "frechet_distance_from_moments",
    "frechet_infinity",
    "gradient_energy",
    "inception_score",
    "jackknife_interval",
    "kernel_distance",
    "maximum_mean_discrepancy",
    "median_pitch",
    "memorisation",
    "memorised_share",
    "mode_score",
    "mode_statistics",
    "monge_distance",
    "ms_ssim",
    "nearest_neighbour_accuracy",
    "precision_recall",
    "psnr",
    "psnr_y",
    "self_bleu",
    "sliced_wasserstein_distance",
    "ssim",
    "ssim_y",
    "stacked_mode_statistics",
    "vendi_score",
    "wasserstein_distance",
]
