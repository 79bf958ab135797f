"""The documents that the adapters write for calls are made of the official SDK's elements and attributes."""

import inspect
import pathlib
import re
import xml.etree.ElementTree as ET

import pytest
from twilio.twiml import TwiML
from twilio.twiml import voice_response as voice

DOCUMENTS = sorted((pathlib.Path(__file__).resolve().parents[2] / "shared/tests/fixtures/documents").glob("*.xml"))


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def method_of(parent: TwiML, name: str):
    return getattr(parent, snake(name), None) or getattr(parent, f"{snake(name)}_", None)


def rebuild(parent: TwiML, element: ET.Element) -> None:
    """Makes the element by the SDK's own method, which knows its attributes by name."""
    make = method_of(parent, element.tag)
    assert make is not None, f"<{element.tag}> in <{parent.name}>"
    known = {name: it for name, it in inspect.signature(make).parameters.items() if it.kind is not it.VAR_KEYWORD}
    given = {snake(name): value for name, value in element.attrib.items()}
    assert not set(given) - set(known), f"{set(given) - set(known)} of <{element.tag}>"
    if (element.text or "").strip():
        # What is said, played or dialled is the first parameter of its method.
        given[next(iter(known))] = element.text
    made = make(**given)
    for child in element:
        rebuild(made, child)


def canonical(text: str) -> str:
    return ET.canonicalize(text, strip_text=True)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_a_document_is_one_of_the_sdk(path):
    text = path.read_text()
    root = ET.fromstring(text)
    assert root.tag == "Response"
    response = voice.VoiceResponse()
    for element in root:
        rebuild(response, element)
    assert canonical(str(response)) == canonical(text)


def test_there_are_documents_of_both_providers():
    assert {path.name.split("-")[0] for path in DOCUMENTS} == {"twilio", "signalwire"}
    assert len(DOCUMENTS) >= 28


def test_what_is_no_element_is_noticed():
    with pytest.raises(AssertionError):
        rebuild(voice.VoiceResponse(), ET.fromstring("<Shout>Hello</Shout>"))
    with pytest.raises(AssertionError):
        rebuild(voice.VoiceResponse(), ET.fromstring('<Say volume="11">Hello</Say>'))
