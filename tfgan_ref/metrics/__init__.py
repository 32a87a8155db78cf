"""Metrics of generators: pure functions on arrays, in float64, with arguments ``(real, fake)``.

Features and logits come from a network of the caller's choice; a score is only comparable with scores from
the same network, resizing and number of samples.
"""

from tfgan_ref.metrics.frechet import frechet_distance, frechet_distance_from_moments
from tfgan_ref.metrics.image_quality import ms_ssim, psnr, psnr_y, ssim, ssim_y
from tfgan_ref.metrics.inception import inception_score, mode_score
from tfgan_ref.metrics.kernel import kernel_distance, maximum_mean_discrepancy
from tfgan_ref.metrics.modes import (
    ModeStatistics,
    StackedModeStatistics,
    mode_statistics,
    stacked_mode_statistics,
)
from tfgan_ref.metrics.neighbours import density_coverage, nearest_neighbour_accuracy, precision_recall
from tfgan_ref.metrics.sharpness import gradient_energy
from tfgan_ref.metrics.streaming import FrechetMoments
from tfgan_ref.metrics.text import corpus_bleu, distinct_ngrams, memorised_share, self_bleu
from tfgan_ref.metrics.transport import sliced_wasserstein_distance, wasserstein_distance
from tfgan_ref.metrics.voice import formant_shift, formants, median_pitch

__all__ = [
    "FrechetMoments",
    "ModeStatistics",
    "StackedModeStatistics",
    "corpus_bleu",
    "density_coverage",
    "distinct_ngrams",
    "formant_shift",
    "formants",
    "frechet_distance",
    "frechet_distance_from_moments",
    "gradient_energy",
    "inception_score",
    "kernel_distance",
    "maximum_mean_discrepancy",
    "median_pitch",
    "memorised_share",
    "mode_score",
    "mode_statistics",
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
    "wasserstein_distance",
]
