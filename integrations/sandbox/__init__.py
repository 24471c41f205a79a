"""A stand-in for Propexo: a server with its own data, its own ledger and faults on demand.

It is plain Python on the standard library, so that it can never lean on the code that it tests.
"""
