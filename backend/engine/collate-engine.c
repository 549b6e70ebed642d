/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-engine.h"

#include <string.h>

#include "base/collate-error.h"
#include "engine/collate-engine-private.h"

/* The boundary: joins a file's network, tokenizer and chat format. All of it is immutable once open. */

struct _CollateEngine
{
  gatomicrefcount n_references;
  CollateEngineInfo *info;
  CollateTokenizer tokenizer;
  CollateTemplate *chat;
  GArray *ends; /* of gint32: the tokens that end a turn */
  CollateEngineModel *model;
  GError *avoided; /* (nullable) */
};

/* What ends a turn in the formats that are known, for files that name only the end of a text. */
static const char *const end_spellings[] = {
  "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|endoftext|>", "<|end_of_text|>", "<｜end▁of▁sentence｜>",
};

static void
free_device (gpointer data)
{
  CollateEngineDevice *device = data;

  g_free (device->name);
  g_free (device->type);
  g_free (device->description);
  g_free (device);
}

static void
add_device (GPtrArray *devices, const char *name, const char *type, const char *description)
{
  CollateEngineDevice *device = g_new (CollateEngineDevice, 1);

  *device = (CollateEngineDevice){ g_strdup (name), g_strdup (type), g_strdup (description) };
  g_ptr_array_add (devices, device);
}

GPtrArray *
collate_engine_list_devices (void)
{
  GPtrArray *devices = g_ptr_array_new_with_free_func (free_device);
  g_autoptr (CollateDevice) cpu = collate_cpu_device_new (0);
  g_autoptr (GPtrArray) cards = collate_vulkan_list ();

  add_device (devices, cpu->name, cpu->kernels->type, cpu->description);
  for (guint i = 0; i < cards->len; i++)
    {
      const CollateVulkanInfo *info = cards->pdata[i];

      add_device (devices, info->name, info->type, info->description);
    }
  return devices;
}

gboolean
collate_engine_parse_card (const char *name, guint *index)
{
  guint64 number;

  if (!g_str_has_prefix (name, COLLATE_VULKAN_PREFIX) ||
      !g_ascii_string_to_unsigned (name + strlen (COLLATE_VULKAN_PREFIX), 10, 0, G_MAXUINT, &number, NULL))
    return FALSE;
  *index = (guint) number;
  return TRUE;
}

/* A device by its name: "cpu", "vulkan:0". */
static CollateDevice *
open_device (const char *name, GError **error)
{
  guint index;

  if (g_str_equal (name, "cpu"))
    return collate_cpu_device_new (0);
  if (collate_engine_parse_card (name, &index))
    return collate_vulkan_device_new (index, error);
  g_set_error (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED, "there is no device \"%s\"", name);
  return NULL;
}

static void
add_end (CollateEngine *self, gint32 token)
{
  if (token >= 0 && !collate_engine_is_end (self, token))
    g_array_append_val (self->ends, token);
}

static void
find_ends (CollateEngine *self)
{
  self->ends = g_array_new (FALSE, FALSE, sizeof (gint32));
  for (gsize i = 0; i < G_N_ELEMENTS (self->tokenizer.ends); i++)
    add_end (self, self->tokenizer.ends[i]);
  for (gsize i = 0; i < G_N_ELEMENTS (end_spellings); i++)
    add_end (self, collate_vocabulary_find_control (self->tokenizer.vocabulary, end_spellings[i]));
}

/* A logit is found by its token, and a token by its logit. */
static gboolean
check_vocabulary (CollateEngine *self, GError **error)
{
  gint64 n_tokens = collate_vocabulary_get_size (self->tokenizer.vocabulary);

  if (n_tokens == self->model->shape.n_vocabulary)
    return TRUE;
  g_set_error (error,
               COLLATE_ERROR,
               COLLATE_ERROR_INVALID,
               "token_embd.weight has %" G_GINT64_FORMAT " rows for %" G_GINT64_FORMAT " tokens",
               self->model->shape.n_vocabulary,
               n_tokens);
  return FALSE;
}

static gboolean
load_on (CollateEngine *self,
         CollateGguf *gguf,
         const char *device,
         GCancellable *cancellable,
         GError **error)
{
  CollateDevice *opened = open_device (device, error);

  if (opened)
    self->model = collate_engine_model_load (gguf, opened, cancellable, error);
  return self->model != NULL;
}

/* The first graphics card that has memory of its own, or the first of any other kind; what only stands in for one is
 * slower than the CPU's own kernels. */
gboolean
collate_engine_find_card (guint *index)
{
  g_autoptr (GPtrArray) cards = collate_vulkan_list ();
  const CollateVulkanInfo *best = NULL;

  for (guint i = 0; i < cards->len; i++)
    {
      const CollateVulkanInfo *card = cards->pdata[i];
      gboolean discrete = g_str_equal (card->type, "discrete");

      if (discrete || (!best && !g_str_equal (card->type, "software")))
        best = card;
      if (discrete)
        break;
    }
  if (best)
    *index = best->index;
  return best != NULL;
}

/* FALSE where another device would fail, too. */
static gboolean
may_be_of_device (const GError *error)
{
  return g_error_matches (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED) ||
         g_error_matches (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE) ||
         g_error_matches (error, COLLATE_ERROR, COLLATE_ERROR_SERVER);
}

/* Why a device does not compute, with its name. A driver's words may be of any bytes. */
static void
avoid (CollateEngine *self, const char *device, const GError *reason)
{
  g_autofree char *words = g_utf8_make_valid (reason->message, -1);

  self->avoided = g_error_new (reason->domain, reason->code, "%s: %s", device, words);
}

/* On a device, or where that fails, which is said, on another one (nullable). */
static gboolean
load_on_either (CollateEngine *self,
                CollateGguf *gguf,
                const char *device,
                const char *other,
                GCancellable *cancellable,
                GError **error)
{
  g_autoptr (GError) local = NULL;

  if (load_on (self, gguf, device, cancellable, &local) &&
      (!other || collate_engine_session_check_room (self->model, &local)))
    return TRUE;
  if (!other || !may_be_of_device (local))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  g_clear_pointer (&self->model, collate_engine_model_free);
  avoid (self, device, local);
  if (load_on (self, gguf, other, cancellable, error))
    return TRUE;
  if (error && g_error_matches (*error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE))
    g_prefix_error (error, "%s; %s: ", self->avoided->message, other);
  return FALSE;
}

/* All of a file but its network. */
static gboolean
read_file (CollateEngine *self, CollateGguf *gguf, GError **error)
{
  if (!collate_tokenizer_read (gguf, &self->tokenizer, error))
    return FALSE;
  self->chat = collate_engine_read_template (gguf);
  self->info = collate_engine_info_new (gguf, self->chat);
  find_ends (self);
  return TRUE;
}

CollateEngine *
collate_engine_open_on (const char *path,
                        const char *device,
                        const char *other,
                        GCancellable *cancellable,
                        GError **error)
{
  g_autoptr (CollateEngine) self = g_new0 (CollateEngine, 1);
  g_autoptr (CollateGguf) gguf = NULL;

  g_atomic_ref_count_init (&self->n_references);
  gguf = collate_gguf_open (path, error);
  if (!gguf || !read_file (self, gguf, error) ||
      !load_on_either (self, gguf, device, other, cancellable, error) || !check_vocabulary (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

CollateEngine *
collate_engine_open (const char *path, const char *device, GCancellable *cancellable, GError **error)
{
  g_autofree char *card = NULL;
  guint index;

  if (device && !g_str_equal (device, "auto"))
    return collate_engine_open_on (path, device, NULL, cancellable, error);
  if (!collate_engine_find_card (&index))
    return collate_engine_open_on (path, "cpu", NULL, cancellable, error);
  card = g_strdup_printf (COLLATE_VULKAN_PREFIX "%u", index);
  return collate_engine_open_on (path, card, "cpu", cancellable, error);
}

CollateEngine *
collate_engine_open_instead (const char *path,
                             const char *device,
                             const GError *reason,
                             GCancellable *cancellable,
                             GError **error)
{
  CollateEngine *self = collate_engine_open_on (path, "cpu", NULL, cancellable, error);

  if (self)
    avoid (self, device, reason);
  return self;
}

CollateEngine *
collate_engine_ref (CollateEngine *engine)
{
  g_atomic_ref_count_inc (&engine->n_references);
  return engine;
}

void
collate_engine_unref (CollateEngine *engine)
{
  if (!g_atomic_ref_count_dec (&engine->n_references))
    return;
  g_clear_pointer (&engine->model, collate_engine_model_free);
  g_clear_pointer (&engine->tokenizer.vocabulary, collate_vocabulary_unref);
  g_clear_pointer (&engine->chat, collate_template_free);
  g_clear_pointer (&engine->info, collate_engine_info_free);
  g_clear_pointer (&engine->ends, g_array_unref);
  g_clear_error (&engine->avoided);
  g_free (engine);
}

CollateEngineModel *
collate_engine_get_model (CollateEngine *engine)
{
  return engine->model;
}

const CollateEngineInfo *
collate_engine_get_info (CollateEngine *engine)
{
  return engine->info;
}

const char *
collate_engine_get_device (CollateEngine *engine)
{
  return engine->model->device->name;
}

const GError *
collate_engine_get_avoided (CollateEngine *engine)
{
  return engine->avoided;
}

gboolean
collate_engine_is_lost (CollateEngine *engine)
{
  return g_atomic_int_get (&engine->model->device->is_lost) ||
         !collate_gguf_check (engine->model->gguf, NULL);
}

GArray *
collate_engine_encode (CollateEngine *engine, const char *text, gssize length, gboolean add_bos)
{
  GArray *tokens = collate_vocabulary_encode (engine->tokenizer.vocabulary, text, length);

  if (add_bos && engine->tokenizer.add_bos)
    g_array_prepend_val (tokens, engine->tokenizer.bos);
  return tokens;
}

const char *
collate_engine_get_piece (CollateEngine *engine, gint32 token, gsize *length)
{
  return collate_vocabulary_get_piece (engine->tokenizer.vocabulary, token, length);
}

gint32
collate_engine_get_bos (CollateEngine *engine)
{
  return engine->tokenizer.add_bos ? engine->tokenizer.bos : -1;
}

gboolean
collate_engine_is_end (CollateEngine *engine, gint32 token)
{
  for (guint i = 0; i < engine->ends->len; i++)
    if (g_array_index (engine->ends, gint32, i) == token)
      return TRUE;
  return FALSE;
}

GArray *
collate_engine_encode_chat (CollateEngine *engine,
                            const char *system,
                            const char *user,
                            gboolean think,
                            GError **error)
{
  return collate_template_encode (engine->chat,
                                  engine->tokenizer.vocabulary,
                                  engine->tokenizer.bos,
                                  engine->tokenizer.add_bos,
                                  system,
                                  user,
                                  think,
                                  error);
}

GArray *
collate_engine_encode_turns (CollateEngine *engine,
                             const CollateTurn *turns,
                             gsize n_turns,
                             gboolean think,
                             GError **error)
{
  return collate_template_encode_turns (engine->chat,
                                        engine->tokenizer.vocabulary,
                                        engine->tokenizer.bos,
                                        engine->tokenizer.add_bos,
                                        turns,
                                        n_turns,
                                        think,
                                        error);
}

const char *
collate_engine_get_think_tags (CollateEngine *engine, const char **close, gboolean *begins_inside)
{
  return collate_template_get_think_tags (engine->chat, close, begins_inside);
}
