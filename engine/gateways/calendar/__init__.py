"""The calendar: open and close the deployment's days at the times that its calendars state."""
