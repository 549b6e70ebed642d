/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <gio/gio.h>
#include <string.h>

#include "engine/vulkan/collate-vulkan-pipelines.h"

/* What a driver wants to keep of the shaders that it compiled. Drivers trust what they are given back, so a file counts
 * only where its checksum says that it is as it was written. */

#define MAGIC "collate-pipelines-1"
#define DIGEST 32

/* More than any driver writes. */
#define MOST_BYTES ((gsize) 64 << 20)

typedef struct
{
  char magic[sizeof MAGIC];
  guint8 uuid[VK_UUID_SIZE];
  guint8 digest[DIGEST]; /* SHA-256 of the data */
} Header;

static void
fill_header (Header *header, const guint8 uuid[VK_UUID_SIZE], const void *data, gsize n_bytes)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  gsize length = DIGEST;

  memcpy (header->magic, MAGIC, sizeof MAGIC);
  memcpy (header->uuid, uuid, VK_UUID_SIZE);
  g_checksum_update (checksum, data, (gssize) n_bytes);
  g_checksum_get_digest (checksum, header->digest, &length);
}

/* Vulkan's own header, which a driver checks, too: its length, and the driver's name for itself. */
static gboolean
is_of_driver (const guint8 *data, gsize n_bytes, const guint8 uuid[VK_UUID_SIZE])
{
  VkPipelineCacheHeaderVersionOne header;

  if (n_bytes < sizeof header)
    return FALSE;
  memcpy (&header, data, sizeof header);
  return header.headerSize >= sizeof header && header.headerSize <= n_bytes &&
         header.headerVersion == VK_PIPELINE_CACHE_HEADER_VERSION_ONE &&
         memcmp (header.pipelineCacheUUID, uuid, VK_UUID_SIZE) == 0;
}

static gboolean
is_small_file (const char *path)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInfo) info =
      g_file_query_info (file,
                         G_FILE_ATTRIBUTE_STANDARD_TYPE "," G_FILE_ATTRIBUTE_STANDARD_SIZE,
                         G_FILE_QUERY_INFO_NONE,
                         NULL,
                         NULL);

  return info && g_file_info_get_file_type (info) == G_FILE_TYPE_REGULAR &&
         g_file_info_get_size (info) <= (goffset) MOST_BYTES;
}

GBytes *
collate_vulkan_cache_load (const char *path, const guint8 uuid[VK_UUID_SIZE])
{
  g_autofree char *contents = NULL;
  g_autoptr (GBytes) bytes = NULL;
  const guint8 *data;
  gsize n_bytes;
  Header expected;

  if (!is_small_file (path) || !g_file_get_contents (path, &contents, &n_bytes, NULL) ||
      n_bytes <= sizeof expected)
    return NULL;
  data = (const guint8 *) contents + sizeof expected;
  n_bytes -= sizeof expected;
  fill_header (&expected, uuid, data, n_bytes);
  if (memcmp (contents, &expected, sizeof expected) != 0 || !is_of_driver (data, n_bytes, uuid))
    return NULL;
  return g_bytes_new (data, n_bytes);
}

/* Whoever cannot write there compiles again. */
void
collate_vulkan_cache_save (const char *path, const guint8 uuid[VK_UUID_SIZE], const void *data, gsize n_bytes)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (GByteArray) contents = g_byte_array_new ();
  Header header;

  if (n_bytes > MOST_BYTES - sizeof header || g_mkdir_with_parents (folder, 0700) != 0)
    return;
  fill_header (&header, uuid, data, n_bytes);
  g_byte_array_append (contents, (const guint8 *) &header, sizeof header);
  g_byte_array_append (contents, data, (guint) n_bytes);
  g_file_set_contents_full (
      path, (const char *) contents->data, contents->len, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL);
}
