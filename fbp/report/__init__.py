"""The report of a run: one HTML file that needs nothing else, for the screen and for paper."""

from fbp.report.write import REPORT, write_report

__all__ = ["REPORT", "write_report"]
