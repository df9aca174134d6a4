"""Checks data without a contract: any file, folder or table against any suite (`lakeward check`)."""
