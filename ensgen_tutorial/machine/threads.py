"""How many threads linear algebra may use."""

import functools

from threadpoolctl import ThreadpoolController


@functools.cache
def thread_pools():
    return ThreadpoolController()


def one_thread_each():
    """Let OpenMP and BLAS use one thread: many small tasks, and busy cores make waiting dear."""
    return thread_pools().limit(limits=1)
