"""What one notebook alone needs, in a module named after it; what two need is in mnist_helpers."""
