/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "clients/collate-client.h"

G_BEGIN_DECLS

/* Speaks OpenAI's Chat Completions, and what DeepSeek, OpenRouter, Hugging Face, vLLM, llama.cpp and Ollama
 * made of it. */
#define COLLATE_TYPE_CLIENT_OPENAI (collate_client_openai_get_type ())
G_DECLARE_FINAL_TYPE (CollateClientOpenai, collate_client_openai, COLLATE, CLIENT_OPENAI, CollateClient)

G_END_DECLS
