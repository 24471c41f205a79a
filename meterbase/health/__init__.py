"""Whether this installation works, for whoever or whatever watches over it."""
