"""Training: any generator, alone or with others, kept and resumed."""
