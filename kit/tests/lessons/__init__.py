"""The cases of each lesson: code that violates it, and good code that resembles it."""
