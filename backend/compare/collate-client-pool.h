/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "clients/collate-client.h"

G_BEGIN_DECLS

/* Private to this room: one client a provider, kept so that what a provider refused once is remembered.
 * Counted; main thread. */
typedef struct _CollateClientPool CollateClientPool;

CollateClientPool *collate_client_pool_new (CollateHttp *http);
CollateClientPool *collate_client_pool_ref (CollateClientPool *pool);
void collate_client_pool_unref (CollateClientPool *pool);

/* The client of a provider; (transfer none). */
CollateClient *collate_client_pool_get (CollateClientPool *pool, CollateProvider *provider);

G_END_DECLS
