"""Images to text: knows no database, no network service and no environment variable."""
