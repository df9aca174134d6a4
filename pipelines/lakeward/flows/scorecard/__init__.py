"""The estate at a glance: the inventory, readiness by DCMM, and the page that shows both beside quality. Measures, scores or changes no row of a dataset."""
