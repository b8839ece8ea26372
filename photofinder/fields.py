"""Fields of the API that several rooms have."""

import math
from typing import Any

from rest_framework import serializers


class Fraction(serializers.FloatField):
    """A number from 0 to 1, to four digits."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=0, max_value=1, **options)

    def to_internal_value(self, data: Any) -> float:
        """NaN would pass every comparison."""
        value = super().to_internal_value(data)
        if not math.isfinite(value):
            self.fail("invalid")
        return value

    def to_representation(self, value: float) -> Any:
        """Rounded."""
        return round(value, 4)
