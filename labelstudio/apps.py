from django.apps import AppConfig


class LabelstudioConfig(AppConfig):
    name = "labelstudio"
