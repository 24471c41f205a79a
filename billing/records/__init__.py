"""Records packs: what an auditor or an agency asks for, in one file."""
