"""Write the digit members of the box for the playground: weights.js, in half precision.

    python book/playground/export.py
"""

import base64
import json
from pathlib import Path

import numpy as np

import ensgen_tutorial as eg

NAMES = ("pixel_cnn", "pixel_rnn", "templates")

members, halves = {}, []
for name in NAMES:
    member = eg.load_member(f"digits/{name}")
    arrays = list(member.learnt().values())
    members[name] = {"shapes": [array.shape for array in arrays],
                     "hyperparameters": {key: value for key, value in member.hyperparameters.items()
                                         if key in ("filters", "blocks", "first_size", "size", "units")}}
    halves += [np.asarray(array, "<f2").ravel() for array in arrays]
text = json.dumps({"members": members,
                   "half": base64.b64encode(np.concatenate(halves).tobytes()).decode()})
Path(__file__).with_name("weights.js").write_text(f"const WEIGHTS = {text};\n")
