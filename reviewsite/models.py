from django.db import models
from django.utils import timezone


class Heartbeat(models.Model):
    """When a worker last ran a job that came through the broker."""

    name = models.CharField(max_length=32, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%Y-%m-%d %H:%M:%S}"

    @property
    def age_seconds(self) -> float:
        return (timezone.now() - self.at).total_seconds()
