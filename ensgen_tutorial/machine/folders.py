"""Folders that the environment names, and whether files can be written there.

Only the standard library is imported here, since the doctor asks for these.
"""

import os
import tempfile
from pathlib import Path


def named_folder(variable):
    """The folder that an environment variable names, as a Path, or None where it names none."""
    text = os.environ.get(variable)
    if not text:
        return None
    folder = os.path.expanduser(text)
    if folder.startswith("~"):
        raise ValueError(f"{variable} is {text!r}, and this home folder is not known: write the "
                         "whole path.")
    return Path(folder)


def store_folder():
    """Where trained weights are kept: ``ENSGEN_STORE`` or the user's data folder, as a Path."""
    if own := named_folder("ENSGEN_STORE"):
        return own
    import platformdirs

    return platformdirs.user_data_path("ensgen") / "trained"


def keras_home():
    """Where Keras keeps keras.json and its data sets, by Keras's own rule, as a Path."""
    user = os.path.expanduser("~")
    place = user if os.access(user, os.W_OK) else "/tmp"
    return named_folder("KERAS_HOME") or Path(place) / ".keras"


def unwritable(folder):
    """Why files cannot be written in ``folder``, as a sentence's end, or None where they can.

    The folder need not be there: then a file is tried where it would be made. Nothing stays.
    """
    folder = Path(folder).absolute()
    place = next(place for place in (folder, *folder.parents) if os.path.lexists(place))
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(bytes(4096))
    except OSError as error:
        return error.strerror or type(error).__name__
    return None
