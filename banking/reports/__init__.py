"""What pages show: owner and period in, small frozen values out. The only eye that reads for people."""
