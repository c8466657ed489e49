"""Whole sequences: from what a user gives to training sets, figures and tables.

``config``     the settings
``parts``      which sequences train and validate each member, without copies between the two
``negatives``  negatives for a training set that has none
``bootstrap``  confidence intervals of figures
``assess``     figures of all sequences and of those that training has not seen
``table``      classes and probabilities as TSV
``mine``       a model's false positives, as negatives for the next one
"""
