"""One grader for curation, training and evaluation."""
