"""The charts of the report's page: functions from a report to SVG."""
