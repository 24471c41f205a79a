"""Real processes, killed and starved at random while they post charges; nothing may double or go.

Run as `make chaos ROUNDS=200 SEED=1`, or `python -m billing.posting.tests.chaos --rounds 20`.
"""
