"""Live status of every cluster: one poller each, pushed to every open tab."""
