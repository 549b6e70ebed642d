/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* The loaded documents with a heading that bears their tokens, a button in each row to take it out, a place
 * to drop files and folders on, and, while there are none, a button that opens some. Property: "library"
 * (CollateLibrary, read and write). Uses the action win.open. */
#define COLLATE_TYPE_DOCUMENT_LIST (collate_document_list_get_type ())
G_DECLARE_FINAL_TYPE (CollateDocumentList, collate_document_list, COLLATE, DOCUMENT_LIST, AdwBin)

G_END_DECLS
