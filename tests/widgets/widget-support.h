/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "compare/collate-comparison.h"

G_BEGIN_DECLS

/* What the tests of widgets share: looking into a tree of widgets, and comparisons made of nothing. */

/* Puts a widget into a window of this width (and no height of its own) and shows it. */
GtkWindow *widget_support_show (GtkWidget *widget, int width);

/* Runs the main loop until the window has drawn what is new. */
void widget_support_draw (GtkWindow *window);

/* The first widget of a type beneath `root`, `root` included, in the order of the tree; (nullable). */
GtkWidget *widget_support_find (GtkWidget *root, GType type);

/* All of them; (transfer container). */
GPtrArray *widget_support_find_all (GtkWidget *root, GType type);

/* The first label whose text begins so and that is visible with all above it; (nullable). */
GtkWidget *widget_support_find_label (GtkWidget *root, const char *beginning);

/* A comparison of `n` answers, all queued, over two documents. */
CollateComparison *widget_support_comparison_new (guint n);

/* The same of models of this machine. */
CollateComparison *widget_support_local_comparison_new (guint n);

/* The answer at a place. */
CollateAnswer *widget_support_get_answer (CollateComparison *comparison, guint position);

/* More text for an answer, as a client would hand it over; and its end. */
void widget_support_write (CollateComparison *comparison, guint position, const char *text);
void widget_support_think (CollateComparison *comparison, guint position, const char *text);

/* What a model file is at before that: waits for `other`, loads, or has read n_done of n_tokens. */
void widget_support_wait (CollateComparison *comparison, guint position, const char *other);
void widget_support_load (CollateComparison *comparison, guint position);
void widget_support_read (CollateComparison *comparison, guint position, gint64 n_done, gint64 n_tokens);

/* What its timeline does: tokens in it, of which the last n_tokens took so many microseconds, and the share of them that
 * was read. */
void widget_support_step (CollateComparison *comparison,
                          guint position,
                          gboolean writing,
                          gint64 end,
                          gint64 n_tokens,
                          gint64 duration);
void widget_support_tell_share (CollateComparison *comparison, guint position, double share);
void widget_support_finish (CollateComparison *comparison, guint position, gint64 input, gint64 output);

/* The same, of 10 tokens read and 100 written, after so many drafts of which so many were right. */
void widget_support_finish_with_drafts (CollateComparison *comparison,
                                        guint position,
                                        gint64 drafted,
                                        gint64 right);
void widget_support_fail (CollateComparison *comparison,
                          guint position,
                          CollateError code,
                          const char *message);

G_END_DECLS
