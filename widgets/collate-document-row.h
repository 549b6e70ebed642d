/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* A document in a list: name, what became of it, warnings. Property: "document" (CollateDocument, read and
 * write; nullable). Uses the action documents.remove ("s": the file's URI). */
#define COLLATE_TYPE_DOCUMENT_ROW (collate_document_row_get_type ())
G_DECLARE_FINAL_TYPE (CollateDocumentRow, collate_document_row, COLLATE, DOCUMENT_ROW, AdwBin)

G_END_DECLS
