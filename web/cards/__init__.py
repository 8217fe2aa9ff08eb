"""Pictures that we draw: what a link to us looks like elsewhere, and the icons of the app.

Everything follows from a `Card` or an accent colour, so the same is drawn everywhere and again.
"""
