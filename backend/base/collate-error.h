/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The program's one error domain. A code says what a person can do about it; the message is the technical
 * detail (the server's own words, a file name, a parser's complaint), never translated, and never contains
 * a key. The sentence that a person reads is made from both in compare/collate-sentences.h. */

#define COLLATE_ERROR (collate_error_quark ())

typedef enum
{
  /* Asking a model. These are the codes of the command line's "error.code", in its order. */
  COLLATE_ERROR_KEY,         /* no key, or the server refuses it */
  COLLATE_ERROR_OFFLINE,     /* the host cannot be reached */
  COLLATE_ERROR_QUOTA,       /* the account is empty or capped: paying helps, trying again does not */
  COLLATE_ERROR_RATE,        /* too many requests: waiting helps */
  COLLATE_ERROR_TOO_LONG,    /* the input does not fit the model's context */
  COLLATE_ERROR_REFUSED,     /* the server or the model declines the request */
  COLLATE_ERROR_RETIRED,     /* no route to the model is alive */
  COLLATE_ERROR_PROTOCOL,    /* the reply breaks the wire format */
  COLLATE_ERROR_SERVER,      /* the server failed or is overloaded */
  COLLATE_ERROR_TIMEOUT,     /* nothing came for too long */
  COLLATE_ERROR_EMPTY,       /* the model finished without any text or reasoning */
  COLLATE_ERROR_STOPPED,     /* the person stopped it */
  COLLATE_ERROR_INTERRUPTED, /* the program ended first */
  COLLATE_ERROR_UNSUPPORTED, /* this server cannot do what was asked of it */

  /* Files. */
  COLLATE_ERROR_UNREADABLE, /* cannot be opened or read */
  COLLATE_ERROR_UNWRITABLE, /* cannot be written: no permission, a full disk, held by another program */
  COLLATE_ERROR_DAMAGED,    /* opened, but not what it says it is */
  COLLATE_ERROR_PASSWORD,   /* encrypted, and the password is missing or wrong */
  COLLATE_ERROR_NO_TEXT,    /* read whole, and no text in it */
  COLLATE_ERROR_TOO_LARGE,  /* beyond the limits on size, time or memory */
  COLLATE_ERROR_INVALID,    /* a data file of ours (models, history, settings) is malformed */
  COLLATE_ERROR_HIDDEN,     /* it may be there, outside of the sandbox */
} CollateError;

/* The domain of every error that this program makes itself. Any thread. */
GQuark collate_error_quark (void);

/* The code's name in the command line's JSON ("key", "too_long" …); static. Any thread. */
const char *collate_error_to_string (CollateError code);

/* Reads back what collate_error_to_string() wrote; FALSE where `name` is none of them. Any thread. */
gboolean collate_error_from_string (const char *name, CollateError *code);

G_END_DECLS
