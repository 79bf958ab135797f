"""Holds the API's answers against the OpenAPI document that it serves."""

from __future__ import annotations

import re
import threading
from typing import Any

import requests
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012


class Contract:
    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        resource = Resource(contents=document, specification=DRAFT202012)
        self.registry = Registry().with_resource("urn:openapi", resource)
        self.seen: set[tuple[str, str, str]] = set()
        self.lock = threading.Lock()
        self.templates = {
            path: re.compile("".join(part if position % 2 == 0 else "[^/]+" for position, part in enumerate(self.parts(path))))
            for path in document["paths"]
        }

    @staticmethod
    def parts(path: str) -> list[str]:
        return [part if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^}]+\})", path)]

    def template_of(self, method: str, path: str) -> str | None:
        """The documented path that this one is; a literal one before one with a parameter."""
        path = path.split("?")[0]
        matching = [
            template for template, pattern in self.templates.items()
            if pattern.fullmatch(path) and method.lower() in self.document["paths"][template]
        ]  # fmt: skip
        return min(matching, key=lambda template: template.count("{"), default=None)

    def validator(self, pointer: str) -> Draft202012Validator:
        return Draft202012Validator({"$ref": f"urn:openapi#{pointer}"}, registry=self.registry)

    def check(self, method: str, path: str, answer: requests.Response) -> None:
        template = self.template_of(method, path)
        if template is None:
            return
        where = f"{method} {path} -> {answer.status_code}"
        responses = self.document["paths"][template][method.lower()]["responses"]
        kind = answer.headers.get("content-type", "").split(";")[0]
        if kind != "application/problem+json" and answer.status_code >= 400:
            # The gateway's own answers: described once, in the document's description.
            assert set(answer.json()) <= {"message"}, f"{where}: {answer.text[:300]}"
            return
        documented = str(answer.status_code) if str(answer.status_code) in responses else None
        if documented is None and answer.status_code < 400:
            raise AssertionError(f"{where} is not documented, only {sorted(responses)}")
        documented = documented or "default"
        with self.lock:
            self.seen.add((method, template, documented))
        content = responses[documented].get("content", {})
        if not content:
            return
        assert kind in content, f"{where}: {kind} is not documented, only {sorted(content)}"
        if "schema" not in content[kind]:
            return
        escaped = [part.replace("~", "~0").replace("/", "~1") for part in (template, method.lower(), "responses", documented, "content", kind, "schema")]
        errors = list(self.validator("/paths/" + "/".join(escaped)).iter_errors(answer.json()))
        assert not errors, f"{where}: {[(error.json_path, error.message) for error in errors[:5]]}\n{answer.text[:500]}"
