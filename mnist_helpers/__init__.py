"""What the lessons share; data, model, training, evaluation and visualization are named after lessons."""
