"""Tables of databases: windows by a safe watermark, landed as segments before a run reads them."""
