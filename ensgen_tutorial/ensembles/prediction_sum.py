"""The sum of members that predict from the same input (lesson 10)."""

import numpy as np

from ..measures.scoring import check_finite
from .objectives import Separate, squared_error
from .weighted_sum import Ensemble, check_weights, sum_up, weighted_sum

UNIT = "squared error per input"


class PredictionSum(Ensemble):
    """ŷ = Σ_j w_j ŷ_j of members that answer one input, so that errors cancel.

    Its squared error is the members' mean squared error less their ambiguity, exactly and for
    every number of the answer: (ŷ − y)² = Σ_j w_j (ŷ_j − y)² − Σ_j w_j (ŷ_j − ŷ)².

    members: anything with ``predict(inputs)``. weights: (M,) summing to 1, or None for equal ones; or
    (R, M), row r for the region r. regions: a function from inputs to whole numbers 0 … R − 1 that
    broadcast to the answers, or None.

    Source: Krogh and Vedelsby 1995, "Neural network ensembles, cross validation, and active
    learning", NeurIPS 7, eq. 6. Lesson 10.
    """

    member_kind = "predict"

    def __init__(self, members, weights=None, regions=None):
        self.regions = regions
        super().__init__(members, weights)

    def checked(self, weights):
        rows = (np.shape(weights)[:1],) if self.regions and np.ndim(weights) == 2 else ()
        return check_weights(weights, len(self.members), rows)

    def with_weights(self, weights):
        """The same members with other weights."""
        return PredictionSum(self.members, weights, self.regions)

    def predict(self, inputs):
        """The sum of the members' predictions for ``inputs``: an array of their shape."""
        answers = [member.predict(inputs) for member in self.members]
        if self.weights.ndim == 1:
            return weighted_sum(answers, self.weights)
        return sum_up(answers, np.moveaxis(self.weights[self.regions(inputs)], -1, 0))

    def squared_error(self, inputs, targets):
        """Mean ‖y − ŷ‖² per input as a function of the weights, of each region's: an Objective."""
        targets = np.asarray(targets, float)
        answers = answers_of(self.members, targets.shape, lambda each: each.predict(inputs))
        if self.regions is None:
            return squared_error(answers, targets.ravel(), targets[0].size, UNIT)
        places = np.broadcast_to(self.regions(inputs), targets.shape).ravel()
        parts = [squared_error(answers[:, places == r], targets.ravel()[places == r],
                               (places == r).sum() / len(targets), UNIT)
                 for r in range(places.max() + 1)]
        return Separate(parts, lambda rows: rows)


def answers_of(members, shape, ask):
    """Every member's answer as a row of floats, (M, numbers), if it is finite and of ``shape``."""
    rows = []
    for j, member in enumerate(members):
        answer = check_finite(ask(member), j, member)
        if answer.shape != shape:
            raise ValueError(f"members[{j}], {type(member).__name__}, answers in shape "
                             f"{answer.shape}, and the truth has {shape}.")
        rows.append(answer.ravel().astype(float))
    return np.array(rows)
