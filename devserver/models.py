"""The demo's webhook sink: how it answers, and what it received."""

from django.db import models

from webhooks.models import Webhook


class Sink(models.Model):
    """How the sink answers. One row; without it the sink accepts everything."""

    class Behaviour(models.TextChoices):
        TAKE = "take", "Accept (200)"
        FAIL = "fail", "Fail (500)"
        HANG = "hang", "Hang until the sender times out"
        SLOW = "slow", "Accept slowly (200 after 3 s)"
        GONE = "gone", "Gone (410)"

    behaviour = models.CharField(max_length=8, choices=Behaviour, default=Behaviour.TAKE)

    def __str__(self) -> str:
        return self.get_behaviour_display()


class Received(models.Model):
    """A request that the sink received. Only the newest are kept."""

    webhook = models.ForeignKey(
        Webhook,
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
        help_text="The endpoint whose secret signed it, if any.",
    )
    message = models.CharField(max_length=64, help_text="Its webhook-id.")
    attempt = models.PositiveSmallIntegerField(null=True)
    action = models.CharField(max_length=64)
    headers = models.JSONField(default=dict)
    body = models.TextField(help_text="The first 64 KB.")
    refusal = models.CharField(max_length=200, blank=True, help_text="Why the signature was refused.")
    answered = models.PositiveSmallIntegerField(
        null=True, help_text="HTTP status; empty while the sender is kept waiting."
    )
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "received"
        indexes = [models.Index(fields=["webhook", "-id"], name="received_of_webhook")]

    def __str__(self) -> str:
        return f"{self.action} ({self.message})"
