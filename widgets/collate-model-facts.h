/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "catalogue/collate-model.h"

G_BEGIN_DECLS

/* What is known of a model, with where it is from: facts, routes, prices and their date; a widget for a
 * popover; (transfer floating). */
GtkWidget *collate_model_facts_new (CollateModel *model);

/* "$0.28": USD per million tokens, from the price of one; "—" where unknown; (transfer full). */
char *collate_format_price (CollateMoney per_token);

G_END_DECLS
