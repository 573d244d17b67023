"""Data for the workers of a Dask cluster."""


def on_cluster(cluster, value, workers=None):
    """``value`` as a future, for tasks to use.

    A task hands it out, not ``scatter``: what a task made is made again if the worker that held it dies.
    """
    import dask

    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GiB"}):    # it is sent once
        return cluster.submit(itself, value, pure=False, workers=workers)


def itself(value):
    """What ``on_cluster`` asks of a worker."""
    return value
