"""The HTTP door: senders push messages, and have an answer when they are on disk."""
