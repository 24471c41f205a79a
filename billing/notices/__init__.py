"""What billing tells people by e-mail: who is concerned, and what there is to say.

What somebody does is told in the transaction of the act. What comes about by itself is looked for:
of two charges that come to rest at once, each would see the other under way, and no act says that
a bill has not come.
"""
