"""The portal: a web application over the read model, with log-in, for people who govern data. It calls flows by their door."""
