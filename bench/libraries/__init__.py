"""What other libraries are asked, one file each; run by environments without QuantForge."""
