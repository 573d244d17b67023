"""Ensemble learning for image generation, hands on: the package behind the notebooks."""

from . import devices

devices.start()                     # before Keras is imported anywhere: quiet, memory growth

from .devices import device_report, set_precision  # noqa: E402
from .ensembles.image_average import ImageAverage  # noqa: E402
from .ensembles.mixture import Mixture  # noqa: E402
from .ensembles.pools import PixelPool, Remembered  # noqa: E402
from .ensembles.predictions import PredictionSum  # noqa: E402
from .ensembles.selection import (  # noqa: E402
    ambiguity,
    best_weights,
    ensemble_nats,
    error_correlation,
    greedy_selection,
    leave_one_out,
    pixel_errors,
    score_members,
)
from .ensembles.weighted_sum import weighted_sum  # noqa: E402
from .ensembles.weights import fit_weights  # noqa: E402
from .exercises import exercise  # noqa: E402
from .explain import show_source  # noqa: E402
from .generators.denoiser import Denoiser, StackDenoiser, flow  # noqa: E402
from .generators.gan import GAN  # noqa: E402
from .generators.pixel_cnn import PixelCNN  # noqa: E402
from .generators.pixel_rnn import PixelRNN  # noqa: E402
from .generators.progressive_gan import ProgressiveGAN  # noqa: E402
from .generators.template import TemplateMixture  # noqa: E402
from .generators.transposed import Transposed  # noqa: E402
from .generators.vae import VAE  # noqa: E402
from .images import ImageSet, load_folder, load_images  # noqa: E402
from .metrics import (  # noqa: E402
    bits_per_dimension,
    bootstrap_interval,
    density_coverage,
    frechet_distance,
    kernel_distance,
    precision_recall,
    real_against_real,
)
from .plotting import (  # noqa: E402
    show_bars,
    show_curves,
    show_heatmap,
    show_images,
    show_points,
    show_simplex,
    show_surface,
)
from .quickstart import quickstart  # noqa: E402
from .scoreboard import add_to_table  # noqa: E402
from .training import generate, train_generator, train_members  # noqa: E402
from .widgets import slide  # noqa: E402
from .zoo import load_classifier, load_member, member_record  # noqa: E402

__all__ = [
    "Denoiser", "GAN", "ImageAverage", "ImageSet", "Mixture", "PixelCNN", "PixelPool", "PixelRNN",
    "PredictionSum", "ProgressiveGAN", "Remembered", "StackDenoiser", "TemplateMixture",
    "Transposed", "VAE", "add_to_table", "ambiguity", "best_weights", "bits_per_dimension",
    "bootstrap_interval", "density_coverage", "device_report", "ensemble_nats",
    "error_correlation", "exercise", "fit_weights", "flow", "frechet_distance", "generate",
    "greedy_selection", "kernel_distance", "leave_one_out", "load_classifier", "load_folder",
    "load_images", "load_member", "member_record", "pixel_errors", "precision_recall",
    "quickstart", "real_against_real", "score_members", "set_precision", "show_bars",
    "show_curves", "show_heatmap", "show_images", "show_points", "show_simplex", "show_source",
    "show_surface", "slide", "train_generator", "train_members", "weighted_sum",
]
