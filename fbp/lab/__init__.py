"""Comparing gradient modes: exactness, time, FLOPs, memory; plots."""
