"""What a data steward does with quarantined rows: lists them, repairs, replays, releases or gives them up."""
