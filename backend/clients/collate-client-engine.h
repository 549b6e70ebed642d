/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "clients/collate-client.h"

G_BEGIN_DECLS

/* Lets model files on this machine answer: one after another on a thread of its own, whatever is asked at once. A model
 * is loaded when it is first asked and stays, with what it read, as long as the client: a second question over the same
 * documents reads only the question. */
#define COLLATE_TYPE_CLIENT_ENGINE (collate_client_engine_get_type ())
G_DECLARE_FINAL_TYPE (CollateClientEngine, collate_client_engine, COLLATE, CLIENT_ENGINE, CollateClient)

G_END_DECLS
