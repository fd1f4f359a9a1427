"""PostgreSQL, where more than one host keeps what it takes."""
