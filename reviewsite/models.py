from django.db import models
from django.utils import timezone


class Heartbeat(models.Model):
    """When a pool of workers last ran a job that came through the broker, or beat looked at its plan."""

    name = models.CharField(max_length=32, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%Y-%m-%d %H:%M:%S}"

    @classmethod
    def seen(cls, name: str) -> None:
        cls.objects.update_or_create(name=name, defaults={"at": timezone.now()})

    @property
    def age_seconds(self) -> float:
        return (timezone.now() - self.at).total_seconds()
