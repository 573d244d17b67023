"""The sum of members that predict from the same input (lesson 10)."""

import numpy as np

from ..measures.scoring import check_finite
from .objectives import squared_error
from .weighted_sum import Ensemble, weighted_sum


class PredictionSum(Ensemble):
    """ŷ = Σ_j w_j ŷ_j of members that answer one input, so that errors cancel.

    Its squared error is the members' mean squared error less their ambiguity, exactly and for
    every number of the answer: (ŷ − y)² = Σ_j w_j (ŷ_j − y)² − Σ_j w_j (ŷ_j − ŷ)².

    members: anything with ``predict(inputs)``. weights: (M,) summing to 1, or None for equal ones.

    Source: Krogh and Vedelsby 1995, "Neural network ensembles, cross validation, and active
    learning", NeurIPS 7, eq. 6. Lesson 10.
    """

    member_kind = "predict"

    def predict(self, inputs):
        """The sum of the members' predictions for ``inputs``: an array of their shape."""
        return weighted_sum([member.predict(inputs) for member in self.members], self.weights)

    def squared_error(self, inputs, targets):
        """Mean ‖y − ŷ‖² per input as a function of the weights: an Objective."""
        targets = np.asarray(targets, float)
        predictions = answers_of(self.members, targets.shape, lambda each: each.predict(inputs))
        return squared_error(predictions, targets.ravel(), targets[0].size, "squared error per input")


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
