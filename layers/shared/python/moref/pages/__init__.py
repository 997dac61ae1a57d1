"""The few small pages customers see."""
