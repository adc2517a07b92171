"""What the flows share: reading a frame by column name, and the account of a fit."""
