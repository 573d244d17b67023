"""Exercises of lesson 07: two losses, the best discriminator, an even walk, weights, coverage."""

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import softmax

from . import Exercise, Wrong, call, expect_close


def check_losses(answer, random):
    real_logits, fake_logits = random.normal(0, 2, size=5), random.normal(0, 2, size=9)
    wanted = np.array(losses(real_logits, fake_logits))
    found = call(answer, real_logits, fake_logits)
    if np.shape(found) == (2,):
        of_discriminator, of_generator = found
        if np.allclose(found, wanted[::-1]):
            raise Wrong("the two are in the wrong order: the discriminator's loss comes first.")
        if np.isclose(of_generator, -np.logaddexp(0, fake_logits).mean()):
            raise Wrong("this is the saturating loss of the generator, whose slope vanishes for a "
                        "drawing that is caught.")
        if np.isclose(of_discriminator, losses(-real_logits, -fake_logits)[0]):
            raise Wrong("the labels are swapped: a large logit means real.")
        if np.isclose(of_discriminator, np.concatenate([np.logaddexp(0, -real_logits),
                                                        np.logaddexp(0, fake_logits)]).mean()):
            raise Wrong("this is one mean over all pictures, real and drawn: two means must be "
                        "added, whatever their numbers are.")
    elif np.ndim(found) != 1:
        raise Wrong("two numbers are wanted: the losses, averaged over pictures.")
    expect_close(found, wanted, "both losses are binary cross-entropies, in nats. For logits of 0 "
                 f"they must be {2 * np.log(2):.4f} and {np.log(2):.4f}.")
    for far in (2000, -2000):                                   # logits that are right, and wrong
        with np.errstate(all="ignore"):
            found = call(answer, real_logits + far, fake_logits - far)
        expect_close(found, losses(real_logits + far, fake_logits - far), "logits of 2000 overflow: "
                     "is there a way to log(1 + exp(a)) without exp(a)?", 1e-5)


def losses(real_logits, fake_logits):
    of_discriminator = np.logaddexp(0, -real_logits).mean() + np.logaddexp(0, fake_logits).mean()
    of_generator = np.logaddexp(0, -fake_logits).mean()
    return of_discriminator, of_generator


def check_best_logits(answer, random):
    p, q = random.dirichlet(np.ones(6), size=2)
    share = random.uniform(0.1, 0.4)
    wanted = best_logits(p, q, share)
    found = call(answer, p, q, share)
    if np.shape(found) == (6,):
        if np.allclose(found, 1 / (1 + np.exp(-wanted))):
            raise Wrong("this is the probability D*; its logit is wanted.")
        if np.allclose(found, -wanted):
            raise Wrong("the sign: where real pictures are more probable, the logit is positive.")
        if np.allclose(found, np.exp(wanted)):
            raise Wrong("this is a ratio; the logit is its logarithm.")
        if np.allclose(found, best_logits(p, q, 0.5)):
            raise Wrong("this is right for as many real pictures as drawn ones. If it sees more "
                        "drawn ones, it should believe less in real ones.")
        if np.allclose(found, best_logits(p, q, 1 - share)):
            raise Wrong("share is the share of the real pictures, not of the drawn ones.")
    real, drawn = 1000 * share * p[0], 1000 * (1 - share) * q[0]
    expect_close(found, wanted, f"of 1,000 pictures shown, the first one is {real:.1f} times a real "
                 f"one and {drawn:.1f} times a drawn one: what is the logit of that?")


def best_logits(p, q, share):
    return np.log(p) - np.log(q) + np.log(share) - np.log(1 - share)


def check_walk(answer, random):
    first, last = random.normal(size=(2, 40))
    last *= np.linalg.norm(first) / np.linalg.norm(last)
    share = random.uniform(0.2, 0.4)
    found = call(answer, first, last, share)
    if np.shape(found) == (40,):
        if np.allclose(found, (1 - share) * first + share * last):
            raise Wrong("this is the straight line, which leaves the sphere.")
        if np.allclose(found, on_the_sphere(last, first, share)):
            raise Wrong("this walks backwards: share = 0 must give first.")
        if np.allclose(found, pushed_out(first, last, share)):
            raise Wrong("this is the lesson's walk: on the sphere, but not at an even pace. A quarter "
                        "of the way must be a quarter of the angle.")
        whole, part = angle(first, last), angle(first, found)
        expect_close(np.linalg.norm(found), np.linalg.norm(first), "the walk must stay on the "
                     f"sphere: both ends have the length {np.linalg.norm(first):.3f}, and your point "
                     f"has {np.linalg.norm(found):.3f}.")
        expect_close(part, share * whole, f"at share = {share:.2f} of an angle of {whole:.3f} your "
                     f"point is {part:.3f} away from first; {share * whole:.3f} is wanted.")
    expect_close(found, on_the_sphere(first, last, share), "stay in the plane of first and last.")
    expect_close(call(answer, first, -last, share), on_the_sphere(first, -last, share), "the angle may "
                 "be smaller or larger than a right one.")
    close = on_the_sphere(first, last, 0.1)
    expect_close(call(answer, first, close, share), on_the_sphere(first, close, share), "a small angle is an angle, "
                 "too: only where it is 0 may the straight line stand in.")
    for near in random.normal(size=(20, 40)):
        with np.errstate(all="ignore"):
            found = call(answer, near, near.copy(), share)
        expect_close(found, near, "where both ends are the same picture, so is every step between "
                     "them; the angle is 0 then, and your answer divides by its sine, or takes the "
                     "arccos of something slightly above 1.")


def angle(first, last):
    cosine = first @ last / np.linalg.norm(first) / np.linalg.norm(last)
    return np.arccos(np.clip(cosine, -1, 1))


def on_the_sphere(first, last, share):
    cosine = first @ last / np.linalg.norm(first) / np.linalg.norm(last)
    whole = np.arccos(np.clip(cosine, -1, 1))
    if np.sin(whole) < 1e-6:
        return (1 - share) * first + share * last
    weights = np.sin((1 - share) * whole), np.sin(share * whole)
    return (weights[0] * first + weights[1] * last) / np.sin(whole)


def pushed_out(first, last, share):
    line = (1 - share) * first + share * last
    return line * np.linalg.norm(first) / np.linalg.norm(line)


def unsafe_walk(first, last, share):
    whole = np.arccos(first @ last / np.linalg.norm(first) / np.linalg.norm(last))
    weights = np.sin((1 - share) * whole), np.sin(share * whole)
    return (weights[0] * first + weights[1] * last) / np.sin(whole)


def check_corrected(answer, random):
    logits = random.normal(0, 2, size=50)
    found, wanted = call(answer, logits), corrected_weights(logits)
    if np.shape(found) == (50,):
        if np.allclose(found, np.exp(logits)):
            raise Wrong("these weights have the right ratios; now let them sum to 1.")
        if np.allclose(found, corrected_weights(-logits)):
            raise Wrong("this prefers the drawings that look least real: p/q is exp(logit).")
        odds = 1 / (1 + np.exp(-logits))
        if np.allclose(found, odds / odds.sum()) or np.allclose(found, odds):
            raise Wrong("sigmoid(logit) is p/(p + q). Which function of the logit is p/q?")
    expect_close(found, wanted, "a drawing with the logit log p − log q must count p/q times, and all "
                 "weights sum to 1.")
    for far in (np.full(50, 2000), np.where(np.arange(50) < 25, 2000, 0), np.where(np.arange(50) < 25, 0, 2000)):
        with np.errstate(all="ignore"):
            found = call(answer, logits + far)
        expect_close(found, corrected_weights(logits + far), "a discriminator that is very sure has logits of 2000, which "
                     "overflow. What may be subtracted from all logits without changing the weights?")


def corrected_weights(logits):
    return softmax(logits)


def check_coverage(answer, random):
    cases = [(random.normal(size=(60, 3)), random.normal(0.5, 0.5, size=(25, 3)), k) for k in (2, 4, 3)]
    found = [call(answer, *case) for case in cases]
    for other, message in (
            ([coverage(real, drawn, k - 1) for real, drawn, k in cases],
             "the nearest real image of a real image is that image itself, at the distance 0: do not "
             "count it as a neighbour."),
            ([precision(*case) for case in cases],
             "this is the share of the *drawn* images that are near a real one. A single good "
             "drawing, a thousand times, would score 1."),
            ([coverage(drawn, real, k) for real, drawn, k in cases],
             "real and drawn are swapped: balls around the real images are wanted.")):
        if np.shape(found) == (3,) and np.allclose(found, other):
            raise Wrong(message)
    for case, share in zip(cases, found):
        wanted = coverage(*case)
        expect_close(share, wanted, f"with 60 real images, 25 drawn ones and k = {case[2]}, "
                     f"{round(60 * wanted)} real images have a drawn one in their ball: their share "
                     f"is {wanted:.3f}, and you find {share}.")


def coverage(real, drawn, k):
    radii = np.sort(cdist(real, real), axis=1)[:, k]            # place 0: the image itself
    return (cdist(real, drawn).min(axis=1) <= radii).mean()


def precision(real, drawn, k):
    radii = np.sort(cdist(real, real), axis=1)[:, k]
    return (cdist(real, drawn) <= radii[:, None]).any(axis=0).mean()


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
         "one mean over all": lambda r, f: (
             np.logaddexp(0, np.concatenate([-r, f])).mean(), np.logaddexp(0, -f).mean()),
         "For logits of 0": lambda r, f: (losses(r, f)[0] / 2, losses(r, f)[1]),
         "stopped with ValueError": lambda r, f: losses(r + f, f),
         "overflow": lambda r, f: (np.mean(np.log(1 + np.exp(-r))) + np.mean(np.log(1 + np.exp(f))),
                                   np.mean(np.log(1 + np.exp(-f))))},
    ),
    Exercise(
        "07.2", "the best discriminator also knows how many of the pictures are real",
        check_best_logits,
        ("How often is picture x shown as a real one, and how often as a drawn one?",
         "share·p(x) and (1 − share)·q(x). The logit of a probability D is log(D/(1 − D))."),
        best_logits,
        {"its logit is wanted": lambda p, q, share: share * p / (share * p + (1 - share) * q),
         "the sign": lambda p, q, share: -best_logits(p, q, share),
         "its logarithm": lambda p, q, share: share * p / ((1 - share) * q),
         "as many real": lambda p, q, share: np.log(p / q),
         "not of the drawn": lambda p, q, share: best_logits(p, q, 1 - share),
         "of 1,000 pictures": lambda p, q, share: np.log(p / q) + np.log(share)},
    ),
    Exercise(
        "07.3", "an even walk along the sphere, safe where both ends are the same", check_walk,
        ("Let ω be the angle between both. Which two weights give the angle share·ω?",
         "In the plane of both, the law of sines gives the weights: each is the sine of one part of "
         "the angle, divided by the sine of ω.",
         "The weights are sin((1 − share)·ω)/sin ω and sin(share·ω)/sin ω.",
         "For ω near 0 both tend to 1 − share and share; np.clip keeps a cosine within [−1, 1]."),
        on_the_sphere,
        {"straight line": lambda first, last, share: (1 - share) * first + share * last,
         "backwards": lambda first, last, share: on_the_sphere(last, first, share),
         "even pace": pushed_out,
         "same picture": unsafe_walk,
         "must stay": lambda first, last, share: 1.1 * on_the_sphere(first, last, share),
         "away from first": lambda first, last, share: on_the_sphere(first, last, share**2)},
    ),
    Exercise(
        "07.4", "a discriminator's logits turn drawings into an estimate about real pictures",
        check_corrected,
        ("The best discriminator's logit is log p − log q. A mean over drawings weighs each picture "
         "by q: what must it be multiplied by to be weighed by p?",
         "exp(logits), divided by their sum. Subtract the largest logit first."),
        corrected_weights,
        {"sum to 1": np.exp,
         "least real": lambda logits: corrected_weights(-logits),
         "Which function": lambda logits: 1 / (1 + np.exp(-logits)),
         "overflow": lambda logits: np.exp(logits) / np.exp(logits).sum(),
         "must count": lambda logits: np.full(len(logits), 1 / len(logits))},
    ),
    Exercise(
        "07.5", "coverage: the share of real images that have a drawn one near by", check_coverage,
        ("scipy.spatial.distance.cdist(real, real) gives all distances, also from each image to "
         "itself.",
         "Sort each row: place 0 is the image itself, place k its k-th neighbour.",
         "An image is covered if the smallest of its distances to drawn ones is at most its radius."),
        coverage,
        {"that image itself": lambda real, drawn, k: coverage(real, drawn, k - 1),
         "single good drawing": precision,
         "are swapped": lambda real, drawn, k: coverage(drawn, real, k),
         "and you find": lambda real, drawn, k: coverage(real, drawn, k + 1)},
    ),
)
