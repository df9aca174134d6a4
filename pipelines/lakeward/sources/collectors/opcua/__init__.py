"""The collector of an OPC UA server: a subscription, with gaps closed from the server's history."""
