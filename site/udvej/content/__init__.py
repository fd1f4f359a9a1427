"""What the site says, from the files that editors write."""
