"""The product beside a naive relay: CPU, latency, memory, start and size, measured in one run."""
