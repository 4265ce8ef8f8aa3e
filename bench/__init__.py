"""What workflows cost: ratios against the same work without them, all taken in one run. See docs/benchmarks.md."""
