"""What people and programs see: the page in the browser and the routes under it."""
