"""What can be read of templates besides the templates themselves."""

from moref.api.resource import Resource, words
from moref.messaging.template_model import TemplateVersion

TEMPLATE_ROWS = (
    Resource(
        "template-versions",
        TemplateVersion,
        words("template_id number wordings made_by"),
        "templates' words as they were saved; messages name the version they are made of",
        {"template_id": "parent"},
    ),
)
