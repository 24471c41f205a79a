"""The posting engine: claim, write the intent, send, store the outcome, look when in doubt.

A charge is sent only by somebody who has committed its single open attempt and holds its lock.
Whatever is not proven, is looked up in the PMS's ledger before anything is sent again.
"""
