"""What makes a course of it: the quick start, the running table, the exercises."""
