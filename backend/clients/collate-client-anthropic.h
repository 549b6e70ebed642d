/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "clients/collate-client.h"

G_BEGIN_DECLS

/* Speaks Anthropic's Messages, in the version that compatible servers speak too. */
#define COLLATE_TYPE_CLIENT_ANTHROPIC (collate_client_anthropic_get_type ())
G_DECLARE_FINAL_TYPE (CollateClientAnthropic,
                      collate_client_anthropic,
                      COLLATE,
                      CLIENT_ANTHROPIC,
                      CollateClient)

G_END_DECLS
