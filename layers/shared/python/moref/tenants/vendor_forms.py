"""What an organization tells of its accounts at outside systems: `secret` is sealed, `config` is not secret."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from moref.tenants.forms import Credential, Email, Form, Identifier

Secret = str
_CONTENT = "content."


class VendorForm(Form):
    """What every vendor's form can do: each one below says both. `vendor` is its first field."""

    vendor: Literal["tremendous", "twilio", "sendgrid"]

    def secret(self) -> dict[str, str]:
        raise NotImplementedError

    def config(self) -> dict[str, str]:
        raise NotImplementedError

    @classmethod
    def told(cls, config: Mapping[str, str]) -> dict[str, Any]:
        """The fields that `config` was made of, to fill in a form whose credentials alone are new."""
        return dict(config)


class TremendousAccount(VendorForm):
    """`api_key` begins with TEST_ or PROD_; `webhook_secret` is Tremendous's private key of the webhook."""

    vendor: Literal["tremendous"] = "tremendous"
    api_key: Credential
    webhook_secret: Secret = Field(min_length=8, max_length=300)
    funding_source_id: str = Field(min_length=1, max_length=100)
    campaign_id: str | None = Field(default=None, min_length=1, max_length=100)

    def secret(self) -> dict[str, str]:
        return {"api_key": self.api_key, "webhook_secret": self.webhook_secret}

    def config(self) -> dict[str, str]:
        campaign = {"campaign_id": self.campaign_id} if self.campaign_id else {}
        return {"funding_source_id": self.funding_source_id, **campaign}


class WhatsAppTemplate(Form):
    """A template that WhatsApp has approved; `fields` are the merge fields that are its variables 1, 2 ..."""

    sid: str = Field(pattern=r"^HX[0-9a-fA-F]{32}$")
    fields: list[Identifier] = Field(default_factory=list, max_length=20)


class TwilioAccount(VendorForm):
    """`whatsapp_templates`: name of ours -> theirs. `keyword_replies` is "ours" when Twilio's own are switched off."""

    vendor: Literal["twilio"] = "twilio"
    account_sid: str = Field(pattern=r"^AC[0-9a-f]{32}$")
    auth_token: Secret = Field(min_length=16, max_length=300, pattern=r"^[!-~]+$")
    whatsapp_sender: str | None = Field(default=None, pattern=r"^(\+[1-9][0-9]{6,14}|MG[0-9a-fA-F]{32})$")
    whatsapp_templates: dict[Identifier, WhatsAppTemplate] = Field(default_factory=dict, max_length=50)
    keyword_replies: Literal["twilio", "ours"] = "twilio"

    def secret(self) -> dict[str, str]:
        return {"account_sid": self.account_sid, "auth_token": self.auth_token}

    def config(self) -> dict[str, str]:
        config = {"account_sid": self.account_sid}
        if self.keyword_replies == "ours":
            config["keyword_replies"] = "ours"
        if self.whatsapp_sender:
            config["whatsapp_sender"] = self.whatsapp_sender
        templates = self.whatsapp_templates.items()
        return config | {f"{_CONTENT}{name}": " ".join([each.sid, *each.fields]) for name, each in templates}

    @classmethod
    def told(cls, config: Mapping[str, str]) -> dict[str, Any]:
        templates = {name: value.split() for name, value in config.items() if name.startswith(_CONTENT)}
        found = {name.removeprefix(_CONTENT): {"sid": sid, "fields": rest} for name, (sid, *rest) in templates.items()}
        plain = {name: value for name, value in config.items() if name not in templates}
        return plain | {"whatsapp_templates": found}


class SendGridAccount(VendorForm):
    """`verification_key`: the public key of the signed event webhook, as SendGrid shows it (base64, P-256).

    `from_email` is a sender that SendGrid has verified; with `template_id` a dynamic template of theirs gives the
    branding: it gets subject, text, html and company. `click_tracking` only with a link domain of the organization's.
    """

    vendor: Literal["sendgrid"] = "sendgrid"
    api_key: Secret = Field(pattern=r"^SG\.[A-Za-z0-9_.-]{10,290}$")
    verification_key: str = Field(pattern=r"^MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE[A-Za-z0-9+/]{86}==$")
    from_email: Email
    template_id: str | None = Field(default=None, pattern=r"^d-[0-9a-f]{32}$")
    region: Literal["global", "eu"] = "global"
    click_tracking: bool = False

    def secret(self) -> dict[str, str]:
        return {"api_key": self.api_key, "verification_key": self.verification_key}

    def config(self) -> dict[str, str]:
        template = {"template_id": self.template_id} if self.template_id else {}
        tracking = "yes" if self.click_tracking else "no"
        return {"from_email": self.from_email, "region": self.region, "click_tracking": tracking, **template}

    @classmethod
    def told(cls, config: Mapping[str, str]) -> dict[str, Any]:
        return {**config, "click_tracking": config.get("click_tracking") == "yes"}
