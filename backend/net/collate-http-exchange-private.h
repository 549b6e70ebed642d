/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

#include "net/collate-http-exchange.h"

G_BEGIN_DECLS

/* What the server alone does to an exchange. */

/* Pauses the message until there is a reply; (transfer full). */
CollateHttpExchange *collate_http_exchange_new (SoupServerMessage *message, GBytes *body, guint refusal);

/* The client is gone, and the reply with it. */
void collate_http_exchange_leave (CollateHttpExchange *self);

/* When the reply was complete and only had to be taken (g_get_monotonic_time()), or -1. */
gint64 collate_http_exchange_get_replied_at (CollateHttpExchange *self);

G_END_DECLS
