"""What attendees see: pages and files of an event, without an account."""
