"""What a resident is told of a month's charges: composed, frozen, printed."""
