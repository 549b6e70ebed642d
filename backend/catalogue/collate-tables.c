/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "catalogue/collate-catalogue-private.h"

#include "base/collate-json.h"
#include "catalogue/collate-model-private.h"
#include "catalogue/collate-models-file.h"

/* Two models files laid over one another. A malformed entry is left out and told; the rest stands, and so
 * does the built-in entry that it would have replaced. */

typedef gpointer (*EntryFunc) (const char *id, JsonObject *object, gboolean own, GError **error);

/* Puts the entry in the place of the one of the same id, or at the end; `index` holds id → position + 1;
 * (transfer full) entry. */
static void
put_entry (GPtrArray *entries, GHashTable *index, const char *id, gpointer entry)
{
  guint at = GPOINTER_TO_UINT (g_hash_table_lookup (index, id));

  if (at > 0)
    {
      g_object_unref (entries->pdata[at - 1]);
      entries->pdata[at - 1] = entry;
      return;
    }

  g_ptr_array_add (entries, entry);
  g_hash_table_insert (index, g_strdup (id), GUINT_TO_POINTER (entries->len));
}

/* Reads "providers" or "line_ups": an object of objects. */
static void
read_named (CollateTables *self,
            GPtrArray *entries,
            GHashTable *index,
            JsonObject *file,
            const char *member,
            gboolean own,
            EntryFunc new_entry)
{
  JsonObject *object = collate_json_object (file, member);
  JsonObjectIter iter;
  const char *id;
  JsonNode *node;

  if (object == NULL)
    {
      if (collate_models_file_has (file, member))
        g_ptr_array_add (self->problems, g_strdup_printf ("“%s” is no object", member));
      return;
    }

  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &id, &node))
    {
      g_autoptr (GError) error = NULL;
      gpointer entry = NULL;

      if (JSON_NODE_HOLDS_OBJECT (node))
        entry = new_entry (id, json_node_get_object (node), own, &error);
      if (entry != NULL)
        put_entry (entries, index, id, entry);
      else
        g_ptr_array_add (
            self->problems,
            g_strdup_printf ("%s “%s”: %s", member, id, error != NULL ? error->message : "no object"));
    }
}

static void
read_model (CollateTables *self,
            JsonObject *object,
            guint index,
            GHashTable *providers,
            GHashTable *prices,
            GHashTable *seen)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CollateModel) model = NULL;
  const char *id = collate_json_string (object, "id");

  if (object == NULL)
    {
      g_ptr_array_add (self->problems, g_strdup_printf ("models[%u]: no object", index));
      return;
    }
  if (id != NULL && !g_hash_table_add (seen, g_strdup (id)))
    {
      g_ptr_array_add (self->problems, g_strdup_printf ("model “%s” stands there twice", id));
      return;
    }

  model = collate_model_new_from_json (object, providers, prices, self->problems, &error);
  if (model != NULL)
    put_entry (self->models, self->model_index, collate_model_get_id (model), g_object_ref (model));
  else if (id != NULL)
    g_ptr_array_add (self->problems, g_strdup_printf ("model “%s”: %s", id, error->message));
  else
    g_ptr_array_add (self->problems, g_strdup_printf ("models[%u]: %s", index, error->message));
}

static void
read_models (CollateTables *self, JsonObject *file, GHashTable *providers, GHashTable *prices)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  JsonArray *models = collate_json_array (file, "models");

  if (models == NULL && collate_models_file_has (file, "models"))
    g_ptr_array_add (self->problems, g_strdup ("“models” is no list"));

  for (guint i = 0; models != NULL && i < json_array_get_length (models); i++)
    read_model (self, collate_json_element_object (models, i), i, providers, prices, seen);
}

static GHashTable *
index_providers (GPtrArray *providers)
{
  GHashTable *index = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < providers->len; i++)
    g_hash_table_insert (
        index, (gpointer) collate_provider_get_id (providers->pdata[i]), providers->pdata[i]);

  return index;
}

/* The own file's default holds where it names a line-up that is there. */
static char *
find_default (CollateTables *self, JsonObject *built_in, JsonObject *own)
{
  JsonObject *files[] = { own, built_in };

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      const char *id = collate_json_string (files[i], "default_line_up");

      for (guint j = 0; id != NULL && j < self->line_ups->len; j++)
        if (g_str_equal (collate_line_up_get_id (self->line_ups->pdata[j]), id))
          return g_strdup (id);
    }

  return NULL;
}

/* What the person added stands before what came with the program. */
static void
put_own_first (CollateTables *self, guint n_built_in)
{
  GPtrArray *ordered = g_ptr_array_new_full (self->models->len, g_object_unref);

  for (guint i = 0; i < self->models->len; i++)
    {
      CollateModel *model = self->models->pdata[(n_built_in + i) % self->models->len];

      g_ptr_array_add (ordered, g_object_ref (model));
      g_hash_table_insert (
          self->model_index, g_strdup (collate_model_get_id (model)), GUINT_TO_POINTER (ordered->len));
    }

  g_ptr_array_unref (self->models);
  self->models = ordered;
}

CollateTables *
collate_tables_new (JsonObject *built_in, JsonObject *own, GHashTable *prices)
{
  CollateTables *self = g_new0 (CollateTables, 1);
  g_autoptr (GHashTable) provider_index = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) line_up_index = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) providers = NULL;
  JsonObject *files[] = { built_in, own };
  gsize n_files = own != NULL ? 2 : 1;
  guint n_built_in;

  self->models = g_ptr_array_new_with_free_func (g_object_unref);
  self->model_index = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->providers = g_ptr_array_new_with_free_func (g_object_unref);
  self->line_ups = g_ptr_array_new_with_free_func (g_object_unref);
  self->problems = g_ptr_array_new_with_free_func (g_free);

  for (gsize i = 0; i < n_files; i++)
    {
      read_named (self,
                  self->providers,
                  provider_index,
                  files[i],
                  "providers",
                  i == 1,
                  (EntryFunc) collate_provider_new_from_json);
      read_named (self,
                  self->line_ups,
                  line_up_index,
                  files[i],
                  "line_ups",
                  i == 1,
                  (EntryFunc) collate_line_up_new_from_json);
    }

  /* After both files' providers: built-in models use the person's. */
  providers = index_providers (self->providers);
  read_models (self, built_in, providers, prices);
  n_built_in = self->models->len;
  if (own != NULL)
    read_models (self, own, providers, NULL);
  put_own_first (self, n_built_in);
  self->default_line_up = find_default (self, built_in, own);

  return self;
}

/* An entry for each way in which the file can be read; one that cannot be used says so once. Another file may bear the
 * second one's name. */
static void
add_local (CollateTables *self, CollateProvider *provider, const CollateLocalModel *local, GHashTable *names)
{
  g_autofree char *sparse_name = g_strconcat (local->name, COLLATE_LOCAL_SPARSE, NULL);
  gboolean has_sparse = local->problem == NULL && !g_hash_table_contains (names, sparse_name);

  for (int sparse = 0; sparse <= has_sparse; sparse++)
    {
      CollateModel *model = collate_model_new_local (provider, local, sparse);

      put_entry (self->models, self->model_index, collate_model_get_id (model), model);
    }
}

void
collate_tables_add_local (CollateTables *self, CollateProvider *provider, GPtrArray *local_models)
{
  g_autoptr (GPtrArray) others = g_steal_pointer (&self->models);
  GPtrArray *all = g_ptr_array_new_full (2 * local_models->len + others->len, g_object_unref);
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);

  self->models = all;
  g_hash_table_remove_all (self->model_index);
  for (guint i = 0; i < local_models->len; i++)
    g_hash_table_add (names, ((CollateLocalModel *) local_models->pdata[i])->name);
  for (guint i = 0; i < local_models->len; i++)
    add_local (self, provider, local_models->pdata[i], names);
  for (guint i = 0; i < others->len; i++)
    if (!g_hash_table_contains (self->model_index, collate_model_get_id (others->pdata[i])))
      put_entry (
          all, self->model_index, collate_model_get_id (others->pdata[i]), g_object_ref (others->pdata[i]));

  if (local_models->len > 0)
    g_ptr_array_add (self->providers, g_object_ref (provider));
}

void
collate_tables_free (CollateTables *self)
{
  g_ptr_array_unref (self->models);
  g_hash_table_unref (self->model_index);
  g_ptr_array_unref (self->providers);
  g_ptr_array_unref (self->line_ups);
  g_ptr_array_unref (self->problems);
  g_free (self->default_line_up);
  g_free (self);
}
