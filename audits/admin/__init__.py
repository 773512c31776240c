"""The admin of audits: leads import data, set up, and fit base models. What people make of it is theirs."""

from .base_models import BaseModelAdmin
from .datasets import DatasetAdmin
from .submissions import SubmissionAdmin
from .topics import TopicAdmin

__all__ = ["BaseModelAdmin", "DatasetAdmin", "SubmissionAdmin", "TopicAdmin"]
