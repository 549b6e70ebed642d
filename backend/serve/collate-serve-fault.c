/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "serve/collate-serve-fault.h"

#include "base/collate-error.h"
#include "base/collate-json.h"

gboolean
collate_serve_fault_set (CollateServeFault *fault,
                         guint status,
                         const char *param,
                         const char *code,
                         const char *format,
                         ...)
{
  va_list arguments;

  collate_serve_fault_clear (fault);
  va_start (arguments, format);
  fault->message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  fault->status = status;
  fault->param = param;
  fault->code = code;

  return FALSE;
}

gboolean
collate_serve_fault_refuse (CollateServeFault *fault, const char *param, const char *what)
{
  return collate_serve_fault_set (fault, 400, param, "invalid_value", "'%s' must be %s.", param, what);
}

gboolean
collate_serve_fault_refuse_unsupported (CollateServeFault *fault, const char *param)
{
  return collate_serve_fault_set (
      fault, 400, param, "unsupported_parameter", "'%s' is not supported by this server.", param);
}

void
collate_serve_fault_from_error (CollateServeFault *fault, const char *param, const GError *error)
{
  if (g_error_matches (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LONG))
    collate_serve_fault_set (fault, 400, param, "context_length_exceeded", "%s", error->message);
  else if (g_error_matches (error, COLLATE_ERROR, COLLATE_ERROR_REFUSED))
    collate_serve_fault_set (fault, 400, param, "invalid_value", "%s", error->message);
  else if (g_error_matches (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED))
    collate_serve_fault_set (fault, 400, NULL, "unsupported", "%s", error->message);
  else
    collate_serve_fault_set (fault, 500, NULL, NULL, "%s", error->message);
}

char *
collate_serve_fault_to_json (const CollateServeFault *fault)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "error");
  json_builder_begin_object (builder);
  collate_json_add_string (builder, "message", fault->message);
  collate_json_add_string (builder, "type", fault->status < 500 ? "invalid_request_error" : "server_error");
  collate_json_add_string (builder, "param", fault->param);
  collate_json_add_string (builder, "code", fault->code);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);

  return collate_json_to_string (root, FALSE);
}

void
collate_serve_fault_clear (CollateServeFault *fault)
{
  g_free (fault->message);
  *fault = (CollateServeFault){ 0 };
}
