"""Exercises of lesson 07: two players' losses, the best discriminator, a walk, and lost modes."""

import numpy as np

from . import Exercise, Wrong, call, expect_close


def check_losses(answer, random):
    real_logits, fake_logits = random.normal(0, 2, size=(2, 7))
    wanted = np.array(losses(real_logits, fake_logits))
    found = call(answer, real_logits, fake_logits)
    if np.shape(found) == (2,):
        of_discriminator, of_generator = found
        if np.allclose(found, wanted[::-1]):
            raise Wrong("the two are in the wrong order: the discriminator's loss comes first.")
        if np.isclose(of_generator, -np.logaddexp(0, fake_logits).mean()):
            raise Wrong("this is the saturating loss of the generator: it shall maximise "
                        "log sigmoid(fake_logits), so its loss is softplus(−fake_logits).")
        if np.isclose(of_discriminator, np.mean(np.logaddexp(0, real_logits)
                                                + np.logaddexp(0, -fake_logits))):
            raise Wrong("the labels are swapped: a large logit means real.")
    if np.shape(found) == (2, 7):
        raise Wrong("these are the losses of each picture: take the two means.")
    expect_close(found, wanted, "discriminator: mean softplus(−real) + mean softplus(fake); "
                 "generator: mean softplus(−fake).")
    with np.errstate(all="ignore"):
        found = call(answer, real_logits + 2000, fake_logits - 2000)
    expect_close(found, losses(real_logits + 2000, fake_logits - 2000), "logits of 2000 overflow: "
                 "softplus(a) is np.logaddexp(0, a).", 1e-5)


def losses(real_logits, fake_logits):
    of_discriminator = np.logaddexp(0, -real_logits).mean() + np.logaddexp(0, fake_logits).mean()
    of_generator = np.logaddexp(0, -fake_logits).mean()
    return of_discriminator, of_generator


def check_best_logits(answer, random):
    p, q = random.dirichlet(np.ones(6), size=2)
    wanted = best_logits(p, q)
    found = call(answer, p, q)
    if np.shape(found) == (6,):
        if np.allclose(found, p / (p + q)):
            raise Wrong("this is the probability D*; its logit is wanted.")
        if np.allclose(found, -wanted):
            raise Wrong("the sign: where real pictures are more probable, the logit is positive.")
        if np.allclose(found, p / q):
            raise Wrong("this is the ratio; the logit is its logarithm.")
    expect_close(found, wanted, "D* = p/(p + q); the logit of a probability D is log(D/(1 − D)).")


def best_logits(p, q):
    return np.log(p) - np.log(q)


def check_walk(answer, random):
    first, last = random.normal(size=(2, 40))
    share = random.uniform(0.2, 0.4)
    wanted = on_the_sphere(first, last, share)
    found = call(answer, first, last, share)
    if np.shape(found) == (40,):
        if np.allclose(found, (1 - share) * first + share * last):
            raise Wrong("this is the straight line, which comes too near to 0: go along the arc.")
        if np.allclose(found, on_the_sphere(last, first, share)):
            raise Wrong("this walks backwards: share = 0 must give first.")
    expect_close(found, wanted, "with the angle ω between both: (sin((1 − share)·ω)·first + "
                 "sin(share·ω)·last) / sin ω.")


def on_the_sphere(first, last, share):
    lengths = np.linalg.norm(first) * np.linalg.norm(last)
    angle = np.arccos(first @ last / lengths)
    weights = np.sin((1 - share) * angle), np.sin(share * angle)
    return (weights[0] * first + weights[1] * last) / np.sin(angle)


def check_modes(answer, random):
    classes = int(random.integers(6, 12))
    shares = random.dirichlet(np.ones(classes - 2))
    labels = random.choice(classes - 2, size=500, p=shares)      # two classes are never drawn
    wanted = modes_in_use(labels, classes)
    with np.errstate(all="ignore"):
        found = call(answer, labels, classes)
    if np.ndim(found) == 0 and np.isreal(found):
        if np.isnan(found):
            raise Wrong("0·log 0 counts as 0: leave out the classes that were never drawn.")
        if np.isclose(found, np.log(wanted)):
            raise Wrong("this is the entropy; its exponential is the number of modes.")
        if np.isclose(found, len(np.unique(labels))):
            raise Wrong("this counts a class that was drawn once like one that was drawn 400 times: "
                        "take the exponential of the entropy.")
    expect_close(found, wanted, "exp(−Σ s·log s), where s are the classes' shares of the draws.")


def modes_in_use(labels, classes):
    shares = np.bincount(labels, minlength=classes) / len(labels)
    shares = shares[shares > 0]
    return np.exp(-(shares * np.log(shares)).sum())


def unsafe_modes(labels, classes):
    shares = np.bincount(labels, minlength=classes) / len(labels)
    return np.exp(-(shares * np.log(shares)).sum())


EXERCISES = (
    Exercise(
        "07.1", "both players' losses from logits, safe from overflow", check_losses,
        ("−log sigmoid(a) = softplus(−a), and −log(1 − sigmoid(a)) = softplus(a).",
         "np.logaddexp(0, a) is softplus(a) without overflow.",
         "Return two numbers, the discriminator's first."),
        losses,
        {"wrong order": lambda r, f: losses(r, f)[::-1],
         "saturating": lambda r, f: (losses(r, f)[0], -np.logaddexp(0, f).mean()),
         "labels are swapped": lambda r, f: losses(-r, -f),
         "take the two means": lambda r, f: [np.logaddexp(0, -r) + np.logaddexp(0, f),
                                             np.logaddexp(0, -f)],
         "overflow": lambda r, f: (np.mean(np.log(1 + np.exp(-r)) + np.log(1 + np.exp(f))),
                                   np.mean(np.log(1 + np.exp(-f))))},
    ),
    Exercise(
        "07.2", "the best discriminator's logit is log p − log q", check_best_logits,
        ("The best discriminator says D* = p/(p + q).",
         "The logit of D is log(D/(1 − D)): what is 1 − D* here?"),
        best_logits,
        {"its logit is wanted": lambda p, q: p / (p + q),
         "the sign": lambda p, q: np.log(q / p),
         "its logarithm": lambda p, q: p / q},
    ),
    Exercise(
        "07.3", "a walk along the sphere keeps the length of z", check_walk,
        ("The cosine of the angle ω is first @ last, divided by both lengths.",
         "The weights are sin((1 − share)·ω)/sin ω and sin(share·ω)/sin ω."),
        on_the_sphere,
        {"straight line": lambda first, last, share: (1 - share) * first + share * last,
         "backwards": lambda first, last, share: on_the_sphere(last, first, share)},
    ),
    Exercise(
        "07.4", "the exponential of the entropy counts the modes in use", check_modes,
        ("np.bincount(labels, minlength=classes) counts the draws of each class.",
         "Entropy is −Σ s·log s over the shares s above 0; the answer is its exponential."),
        modes_in_use,
        {"leave out": unsafe_modes,
         "this is the entropy": lambda labels, classes: np.log(modes_in_use(labels, classes)),
         "counts a class": lambda labels, classes: len(np.unique(labels))},
    ),
)
