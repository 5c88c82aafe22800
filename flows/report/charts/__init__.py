"""The pictures of the report's page: functions from a report to SVG."""
