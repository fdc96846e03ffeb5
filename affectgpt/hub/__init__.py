"""What is published on the Hugging Face Hub, and what is loaded from it."""
