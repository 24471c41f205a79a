"""The ground floor: plain building blocks that every other package may import."""
