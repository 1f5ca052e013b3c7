"""A venue's reports: children, fills, busts, corrections and breaks."""
