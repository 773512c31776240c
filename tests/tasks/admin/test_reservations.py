"""Reservations in the admin."""

from django.urls import reverse

from tasks.models import Reservation
from tasks.services import reservations
from tests.factories import task


def test_lead_deletes_a_reservation(house, lead_client):
    place = reservations.reserve(task(house.project), house.annotator2)

    lead_client.post(reverse("admin:tasks_reservation_delete", args=[place.id]), {"post": "yes"})

    assert not Reservation.objects.exists()
