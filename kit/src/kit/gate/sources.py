"""sources"""

# Events of SAM that EventBridge hands over, and tries again; the first two are the same.
RETRYING = ("CloudWatchEvent", "EventBridgeRule", "Schedule", "ScheduleV2")
