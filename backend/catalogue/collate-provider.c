/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "catalogue/collate-model-private.h"

#include <glib/gi18n-lib.h>

#include "base/collate-json.h"
#include "catalogue/collate-models-file.h"

/* An endpoint: where it is, what it speaks, which key opens it. */

struct _CollateProvider
{
  GObject parent_instance;

  char *id;
  char *name;
  CollateApi api;
  char *base_url;
  char *key_name;
  const char *limit_name;
  char *key_page;
  gboolean own;
};

G_DEFINE_FINAL_TYPE (CollateProvider, collate_provider, G_TYPE_OBJECT)

/* An address without a slash at its end, or NULL where it is none for HTTP; user and password in it would
 * be shown and stored, and are no way to give a key. */
static char *
parse_address (const char *address)
{
  g_autoptr (GUri) uri = address != NULL ? g_uri_parse (address, G_URI_FLAGS_HAS_PASSWORD, NULL) : NULL;
  const char *scheme = uri != NULL ? g_uri_get_scheme (uri) : NULL;
  gsize length;

  if ((g_strcmp0 (scheme, "http") != 0 && g_strcmp0 (scheme, "https") != 0) || g_uri_get_host (uri) == NULL ||
      *g_uri_get_host (uri) == '\0' || g_uri_get_userinfo (uri) != NULL || g_uri_get_query (uri) != NULL ||
      g_uri_get_fragment (uri) != NULL)
    return NULL;

  for (length = strlen (address); address[length - 1] == '/';)
    length--;

  return g_strndup (address, length);
}

static gboolean
is_variable_name (const char *name)
{
  if (!g_ascii_isalpha (*name) && *name != '_')
    return FALSE;
  for (; *name != '\0'; name++)
    if (!g_ascii_isalnum (*name) && *name != '_')
      return FALSE;

  return TRUE;
}

static gboolean
read_api (CollateProvider *self, JsonObject *object, GError **error)
{
  const char *api = collate_json_string (object, "api");

  if (!collate_models_file_has (object, "api") || g_strcmp0 (api, "openai") == 0)
    self->api = COLLATE_API_OPENAI;
  else if (g_strcmp0 (api, "anthropic") == 0)
    self->api = COLLATE_API_ANTHROPIC;
  else
    return collate_models_file_refuse (error, "“api” is neither “openai” nor “anthropic”");

  return TRUE;
}

static gboolean
read_key (CollateProvider *self, JsonObject *object, GError **error)
{
  const char *key = collate_json_string (object, "key");

  if (!collate_models_file_has (object, "key") || g_strcmp0 (key, "") == 0)
    return TRUE;
  if (key == NULL || !is_variable_name (key))
    return collate_models_file_refuse (error, "“key” is no name of an environment variable");
  self->key_name = g_strdup (key);

  return TRUE;
}

static gboolean
read_limit (CollateProvider *self, JsonObject *object, GError **error)
{
  const char *limit = collate_json_string (object, "limit");

  if (!collate_models_file_has (object, "limit") || g_strcmp0 (limit, "max_tokens") == 0)
    self->limit_name = "max_tokens";
  else if (g_strcmp0 (limit, "max_completion_tokens") == 0)
    self->limit_name = "max_completion_tokens";
  else
    return collate_models_file_refuse (error, "“limit” is neither “max_tokens” nor “max_completion_tokens”");

  return TRUE;
}

CollateProvider *
collate_provider_new_from_json (const char *id, JsonObject *object, gboolean own, GError **error)
{
  g_autoptr (CollateProvider) self = g_object_new (COLLATE_TYPE_PROVIDER, NULL);
  const char *name = collate_json_string (object, "name");

  self->id = g_strdup (id);
  self->name = g_strdup (name != NULL && *name != '\0' ? name : id);
  self->own = own;
  self->base_url = parse_address (collate_json_string (object, "base_url"));
  if (self->base_url == NULL)
    {
      collate_models_file_refuse (error, "“base_url” is no http or https address");
      return NULL;
    }
  if (!read_api (self, object, error) || !read_key (self, object, error) || !read_limit (self, object, error))
    return NULL;

  self->key_page = parse_address (collate_json_string (object, "key_page"));

  return g_steal_pointer (&self);
}

CollateProvider *
collate_provider_new_local (void)
{
  CollateProvider *self = g_object_new (COLLATE_TYPE_PROVIDER, NULL);

  self->id = g_strdup ("local");
  self->name = g_strdup (_ ("This machine"));
  self->api = COLLATE_API_ENGINE;
  self->base_url = g_strdup ("");
  self->limit_name = "max_tokens";

  return self;
}

static void
collate_provider_finalize (GObject *object)
{
  CollateProvider *self = COLLATE_PROVIDER (object);

  g_free (self->id);
  g_free (self->name);
  g_free (self->base_url);
  g_free (self->key_name);
  g_free (self->key_page);

  G_OBJECT_CLASS (collate_provider_parent_class)->finalize (object);
}

static void
collate_provider_class_init (CollateProviderClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = collate_provider_finalize;
}

static void
collate_provider_init (CollateProvider *self)
{
}

const char *
collate_provider_get_id (CollateProvider *self)
{
  g_return_val_if_fail (COLLATE_IS_PROVIDER (self), NULL);

  return self->id;
}

const char *
collate_provider_get_name (CollateProvider *self)
{
  g_return_val_if_fail (COLLATE_IS_PROVIDER (self), NULL);

  return self->name;
}

CollateApi
collate_provider_get_api (CollateProvider *self)
{
  g_return_val_if_fail (COLLATE_IS_PROVIDER (self), COLLATE_API_OPENAI);

  return self->api;
}

const char *
collate_provider_get_base_url (CollateProvider *self)
{
  g_return_val_if_fail (COLLATE_IS_PROVIDER (self), NULL);

  return self->base_url;
}

const char *
collate_provider_get_key_name (CollateProvider *self)
{
  g_return_val_if_fail (COLLATE_IS_PROVIDER (self), NULL);

  return self->key_name;
}

const char *
collate_provider_get_limit_name (CollateProvider *self)
{
  g_return_val_if_fail (COLLATE_IS_PROVIDER (self), NULL);

  return self->limit_name;
}

const char *
collate_provider_get_key_page (CollateProvider *self)
{
  g_return_val_if_fail (COLLATE_IS_PROVIDER (self), NULL);

  return self->key_page;
}

gboolean
collate_provider_is_own (CollateProvider *self)
{
  g_return_val_if_fail (COLLATE_IS_PROVIDER (self), FALSE);

  return self->own;
}
