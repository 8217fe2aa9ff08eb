"""What peers do: the activities we receive."""
