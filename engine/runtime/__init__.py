"""The loop over a batch and its three uses: live, recovery, verification."""
