"""How long AWS supports each runtime. What asks (preflight, lessons) should not wait for boto3."""

from datetime import date

# The last day of each (https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html).
SUPPORTED_UNTIL = {
    "python3.10": date(2026, 10, 31),
    "python3.11": date(2027, 6, 30),
    "python3.12": date(2028, 10, 31),
    "python3.13": date(2029, 6, 30),
    "python3.14": date(2029, 6, 30),
}
