"""What lies in the activation buffer, and how."""
