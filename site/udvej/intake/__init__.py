"""What a person says, until it is sealed."""
