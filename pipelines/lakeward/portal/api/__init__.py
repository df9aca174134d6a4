"""The answers of the command line over HTTP, under `/api/v1/`, for programs with an access token."""
