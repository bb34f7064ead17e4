"""The pages of a desk: what a person sees of it and does there. Data flows one way; no policy is known here."""
