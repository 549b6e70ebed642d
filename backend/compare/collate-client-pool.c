/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "compare/collate-client-pool.h"

struct _CollateClientPool
{
  CollateHttp *http;
  GHashTable *clients; /* CollateProvider to CollateClient: a provider whose address changed is another one */
};

static void
pool_clear (gpointer data)
{
  CollateClientPool *pool = data;

  g_clear_object (&pool->http);
  g_clear_pointer (&pool->clients, g_hash_table_unref);
}

CollateClientPool *
collate_client_pool_new (CollateHttp *http)
{
  CollateClientPool *pool = g_rc_box_new0 (CollateClientPool);

  pool->http = g_object_ref (http);
  pool->clients = g_hash_table_new_full (NULL, NULL, g_object_unref, g_object_unref);

  return pool;
}

CollateClientPool *
collate_client_pool_ref (CollateClientPool *pool)
{
  return g_rc_box_acquire (pool);
}

void
collate_client_pool_unref (CollateClientPool *pool)
{
  g_rc_box_release_full (pool, pool_clear);
}

CollateClient *
collate_client_pool_get (CollateClientPool *pool, CollateProvider *provider)
{
  CollateClient *client = g_hash_table_lookup (pool->clients, provider);

  if (client == NULL)
    {
      client = collate_client_new (pool->http, provider);
      g_hash_table_insert (pool->clients, g_object_ref (provider), client);
    }

  return client;
}
