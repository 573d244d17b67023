"""Several members, one after the other here or one per worker of a cluster."""

from .cluster import train_on_cluster
from .progress import choose_place
from .train import train_generator


def train_members(members, images, epochs, progress="auto", cluster=None, **options):
    """Train a dict name -> generator one after the other; returns a dict name -> record.

    ``epochs`` and each option of ``train_generator``: one value for all, or a dict name -> value.
    ``progress`` is one display for all. ``cluster``: a Dask client, whose workers then train one member
    each (lesson 20); None for this process.
    """
    def own(value, name):
        return value.get(name) if isinstance(value, dict) else value

    of_each = {name: {option: own(value, name) for option, value in {"epochs": epochs, **options}.items()}
               for name in members}
    if cluster is not None:
        report = {"report": options["report"]} if "report" in options else {}
        for each in of_each.values():
            each.pop("report", None)
        return train_on_cluster(members, images, of_each, cluster, progress, **report)
    progress = choose_place(progress)
    return {name: train_generator(member, images, name=name, progress=progress, **of_each[name])
            for name, member in members.items()}
