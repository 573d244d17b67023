"""Ensemble learning for image generation, hands on: the package behind the notebooks.

The names below are this package's face. Each is imported when it is first used, so that
``python -m ensgen_tutorial doctor`` and ``--help`` never wait for TensorFlow.
"""

import importlib

from .machine.quiet import ADVICE, start

start()                             # before Keras is imported anywhere: quiet, memory growth

# file: the names that it gives
FACE = {
    "course.exercises": "exercise progress",
    "course.quickstart": "quickstart",
    "course.scoreboard": "add_to_table",
    "course.super_resolve": "super_resolve",
    "data.edges": "edge_pairs edges",
    "data.folder": "load_folder",
    "data.image_set": "ImageSet",
    "data.made": "draw_glyphs",
    "data.named": "load_images",
    "data.pairs": "PairSet block_means small_pairs",
    "data.photographs": "load_colours load_patches load_photographs luminance resized small_and_large",
    "data.scenes": "Scene draw_scenes matting_pairs",
    "ensembles.averaging": "Snapshots average_weights",
    "ensembles.denoiser_sum": "DenoiserSum",
    "ensembles.distillation": "Student lessons_of",
    "ensembles.fitting": "fit_weights",
    "ensembles.image_average": "ImageAverage",
    "ensembles.mixture": "Mixture",
    "ensembles.objectives": "LogScore Objective discrepancy",
    "ensembles.pools": "PixelPool Remembered",
    "ensembles.prediction_sum": "PredictionSum",
    "ensembles.remedies": "DisputedPool Guided Sharpened disagreement entropy",
    "ensembles.selection": "ambiguity best_weights error_correlation greedy_selection leave_one_out "
                           "pixel_errors",
    "ensembles.shared": "DroppedOut SharedCNN",
    "ensembles.solvers": "expectation_maximisation quadratic_programming",
    "ensembles.symmetries": "SelfEnsemble",
    "ensembles.weighted_sum": "weighted_sum",
    "generators.base": "Generator LikelihoodGenerator PixelGenerator",
    "generators.classical": "PixelClassifier",
    "generators.gan": "GAN",
    "generators.noise": "IndependentPixels UniformNoise",
    "generators.pixel_cnn": "MaskedConv2D PixelCNN RowMemory",
    "generators.pixel_rnn": "PixelRNN",
    "generators.pixel_vae": "PixelVAE",
    "generators.progressive_gan": "ProgressiveGAN",
    "generators.quilting": "Quilting seam",
    "generators.template": "TemplateMixture Templates",
    "generators.vae": "VAE",
    "machine.devices": "device_report set_precision",
    "measures.attribution": "ambiguity_map changed_by nearest_images pool_gains responsibilities "
                            "sampled_shapley shapley_values",
    "measures.distances": "copied_share density_coverage frechet_distance frechet_without_bias "
                          "kernel_distance precision_recall real_against_real",
    "measures.intervals": "bootstrap_interval estimate estimate_spreads verdicts",
    "measures.restoration": "absolute_error connectivity_error gradient_error mean_squared_error psnr ssim",
    "measures.scoring": "bits_per_dimension count_parameters ensemble_nats mean_nats score_members",
    "predictors.base": "KerasPredictor Predictor",
    "predictors.completer": "Completer",
    "predictors.denoiser": "Denoiser StackDenoiser",
    "predictors.flow": "flow",
    "predictors.matting": "ClassicalMatting MattingNetwork",
    "predictors.restorer": "Restorer",
    "predictors.super_resolution": "Bicubic PatchRidge SuperResolution",
    "predictors.translation": "AdversarialTranslator Translator",
    "show.click": "click",
    "show.curves": "show_bars show_curves show_points",
    "show.diagram": "show_diagram",
    "show.intervals": "show_intervals",
    "show.notebook": "show_source slide",
    "show.pad": "pad",
    "show.schedule": "show_schedule",
    "show.surfaces": "show_heatmap show_simplex show_surface",
    "show.tiles": "show_images",
    "training.cluster": "ClusterError draw_many local_cluster",
    "training.members": "train_members",
    "training.together": "train_together",
    "training.schedule": "Schedule schedule",
    "training.train": "generate train_generator",
    "zoo.box": "load_classifier load_member member_record",
}
PLACES = {name: file for file, names in FACE.items() for name in names.split()}
__all__ = sorted(PLACES)


def __getattr__(name):
    if name not in PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        value = getattr(importlib.import_module(f".{PLACES[name]}", __name__), name)
    except ModuleNotFoundError as error:
        if (error.name or __name__).startswith(__name__):
            raise
        raise ImportError(f"{name} needs {error.name}, which is not installed. {ADVICE}",
                          name=error.name) from error
    globals()[name] = value                         # the next time, nobody asks
    return value


def __dir__():
    return __all__
