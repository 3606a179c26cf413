"""What the lessons share. Each module mirrors a lesson: data, model, training, evaluation, visualization."""
