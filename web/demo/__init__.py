"""An invented city for the first look: its people, what they write, and pictures that are drawn."""
