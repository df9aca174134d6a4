"""Topics of Kafka as sources: each run lands what is new as segments, with the offsets that it reached."""
