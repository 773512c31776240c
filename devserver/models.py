"""What the demo's receiver of webhooks answers, and what it got."""

from django.db import models

from webhooks.models import Webhook


class Sink(models.Model):
    """What the demo's receiver of webhooks answers. One row; without it, it takes everything."""

    class Behaviour(models.TextChoices):
        TAKE = "take", "Take it (200)"
        FAIL = "fail", "Fail (500)"
        HANG = "hang", "Hang until it times out"
        SLOW = "slow", "Take it slowly (200 after 3 s)"
        GONE = "gone", "Be gone (410)"

    behaviour = models.CharField(max_length=8, choices=Behaviour, default=Behaviour.TAKE)

    def __str__(self) -> str:
        return self.get_behaviour_display()


class Received(models.Model):
    """A request that the demo's receiver got. Only the newest are kept."""

    webhook = models.ForeignKey(
        Webhook,
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
        help_text="Whose secret signed it; none if nobody's.",
    )
    message = models.CharField(max_length=64, help_text="Its webhook-id.")
    attempt = models.PositiveSmallIntegerField(null=True)
    action = models.CharField(max_length=64)
    headers = models.JSONField(default=dict)
    body = models.TextField(help_text="The first 64 KB.")
    refusal = models.CharField(max_length=200, blank=True, help_text="Why its signature was not believed.")
    answered = models.PositiveSmallIntegerField(
        null=True, help_text="HTTP status; none while it is being kept waiting."
    )
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "received"
        indexes = [models.Index(fields=["webhook", "-id"], name="received_of_webhook")]

    def __str__(self) -> str:
        return f"{self.action} ({self.message})"
