"""One module per page; `PAGES` of each are the routes of the portal, and the table of who may see what."""
