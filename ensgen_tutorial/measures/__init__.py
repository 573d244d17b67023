"""Numbers that say how good a generator is: nats, distances, intervals."""
