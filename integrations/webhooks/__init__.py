"""What Propexo reports by webhook: received, stored once, worked on in the background."""
