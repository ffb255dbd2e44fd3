"""What Gradio has no component for; their browser side lies in ``browser/``."""
