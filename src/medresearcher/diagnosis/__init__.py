"""Which rare disease fits the findings of a patient: posterior, reasons, next questions."""
