/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "tokens/collate-vocabulary.h"

G_BEGIN_DECLS

/* The engine's boundary: the only header of engine/ that other rooms include. An engine is a loaded model file,
 * immutable; a session is one token timeline with its caches. Callers hand over whole token prefixes, and the session
 * finds what it can reuse. No tensor, device or file format passes this line, so that all of them can change.
 * Plain C. Calls that compute or read files block: never on the main loop. An engine may be used by any number of
 * threads, a session by one at a time. Errors: COLLATE_ERROR_INVALID (a malformed model file), _UNSUPPORTED (an
 * architecture, tokenizer or device that is not known), _TOO_LARGE (memory does not hold it: the message has the
 * figures), _UNREADABLE (also where the file is cut short while it is open), _TOO_LONG (beyond the context), _STOPPED
 * (cancelled), _SERVER (the device failed). */

typedef struct _CollateEngine CollateEngine;
typedef struct _CollateEngineSession CollateEngineSession;

/* How the text between the turns is written; from the file's own template. */
typedef enum
{
  COLLATE_CHAT_UNKNOWN, /* there is a template, and it is none of these: said, not guessed */
  COLLATE_CHAT_NONE,    /* a base model: the plain text */
  COLLATE_CHAT_CHATML,  /* SmolLM2, Qwen 2 */
  COLLATE_CHAT_QWEN3,   /* ChatML with thinking that can be switched off */
  COLLATE_CHAT_LLAMA3,
  COLLATE_CHAT_LLAMA2,
  COLLATE_CHAT_DEEPSEEK,
} CollateChatFormat;

/* What says which earlier tokens a token reads in sparse attention. */
typedef enum
{
  COLLATE_INDEX_BOUNDS, /* the bounds of pages of the model's own keys: there is nothing trained to choose by */
  COLLATE_INDEX_TRAINED, /* the model's lightning indexer */
} CollateIndexKind;

/* What a model file says of itself. Strings are the engine's, or NULL. */
typedef struct
{
  const char *name;
  const char *architecture; /* "llama" */
  const char *quantization; /* "Q4_1": of most of its weights */
  const char *licence;      /* "apache-2.0" */
  CollateChatFormat chat;
  gint64 parameters;
  gint64 file_bytes;
  gint64 context; /* tokens that it was trained for */
  gint64 vocabulary;
  gint64 layers;
  gboolean thinks; /* its format can have thinking between tags */
  CollateIndexKind index;
  gint64 top_k;    /* tokens that a token reads in sparse attention, unless a session says otherwise */
  gboolean drafts; /* it has a layer that predicts one token further */
} CollateEngineInfo;

/* Reads a file's own description without loading its weights; free it with collate_engine_info_free(). */
CollateEngineInfo *collate_engine_peek (const char *path, GError **error);
void collate_engine_info_free (CollateEngineInfo *info);

/* What running a model file takes of this machine's memory, from the file's description alone. */
typedef struct
{
  gint64 weights;                        /* bytes, as the next ones */
  gint64 fixed;                          /* of a session, however long it is */
  gint64 per_token;                      /* of its context */
  gint64 sparse_fixed, sparse_per_token; /* the same of sparse attention */

  /* Of the weights those that stay in the file where the processor's memory is too small for all. */
  gint64 experts;

  /* Tokens that the chat format writes around what the system and the user say: without thinking, and with it. */
  gint64 chat_tokens[2];
} CollateEngineNeeds;

/* Looks whether the file can be run at all, and at what it takes; blocks; any thread. COLLATE_ERROR_UNSUPPORTED (an
 * architecture or a tokenizer that is not known), COLLATE_ERROR_INVALID (sizes that do not agree), _UNREADABLE. */
gboolean collate_engine_peek_needs (const char *path, CollateEngineNeeds *needs, GError **error);

/* Tokens of `context` for which `free_bytes` of memory are enough, as a dense session decides it; 0: it cannot be run. */
gint64 collate_engine_needs_fit (const CollateEngineNeeds *needs, gint64 free_bytes, gint64 context);

/* Bytes of memory that models could take: what is free, and what this process holds already and would give back for
 * another one; G_MAXINT64 where the system does not say. Any thread. */
gint64 collate_engine_get_free_memory (void);

/* The memory that models lie in: the machine's, and that of the graphics card that would compute. */
typedef struct
{
  gint64 main;    /* as collate_engine_get_free_memory() tells it */
  gint64 card;    /* bytes, in the same way; -1: no graphics card would compute */
  char *name;     /* the card's, "vulkan:0", or NULL */
  gboolean named; /* it was named: the processor does not take its place */
} CollateEngineMemory;

/* What there is for a device ("auto", "cpu", "vulkan:0"; NULL: auto); asks drivers, and blocks; any thread; (transfer
 * full). */
CollateEngineMemory *collate_engine_look_at_memory (const char *device);
void collate_engine_memory_free (CollateEngineMemory *memory);

/* TRUE where it is the card's memory that a file of such needs would lie in: "auto" leaves a card that holds next to no
 * context for the processor. */
gboolean collate_engine_memory_takes_card (const CollateEngineMemory *memory,
                                           const CollateEngineNeeds *needs,
                                           gint64 context);

/* A file's tokenizer alone, without its weights; (nullable) (transfer full). */
CollateVocabulary *collate_engine_read_vocabulary (const char *path, GError **error);

/* A device by name. */
typedef struct
{
  char *name;        /* "cpu", "vulkan:0" */
  char *type;        /* "cpu", "discrete", "integrated", "virtual", "software" */
  char *description; /* "AMD EPYC, AVX-512 VNNI, 2 threads" */
} CollateEngineDevice;

/* The devices of this machine, the CPU first: an array of CollateEngineDevice; never empty; (transfer full). */
GPtrArray *collate_engine_list_devices (void);

/* Opens a model file on a device ("auto", "cpu", "vulkan:0"; NULL: auto); (nullable) (transfer full). "auto" is the first
 * graphics card, or the CPU where there is none, or where it fails; what only stands in for one is taken by its name
 * alone. */
CollateEngine *collate_engine_open (const char *path,
                                    const char *device,
                                    GCancellable *cancellable,
                                    GError **error);

/* The same on the CPU, in the place of the device of that name, which failed for this reason while it computed. */
CollateEngine *collate_engine_open_instead (const char *path,
                                            const char *device,
                                            const GError *reason,
                                            GCancellable *cancellable,
                                            GError **error);
CollateEngine *collate_engine_ref (CollateEngine *engine);
void collate_engine_unref (CollateEngine *engine);

const CollateEngineInfo *collate_engine_get_info (CollateEngine *engine);

/* The device that it runs on: "cpu"; static for the engine's life. */
const char *collate_engine_get_device (CollateEngine *engine);

/* Why the graphics card that "auto" would have taken does not compute, and the CPU does: COLLATE_ERROR_TOO_LARGE (its
 * memory does not hold the model), or another error of it; the message begins with the card's name. The engine's;
 * (nullable). */
const GError *collate_engine_get_avoided (CollateEngine *engine);

/* TRUE where its device failed for good, or its file broke while it was open: it computes nothing any more, and is opened
 * anew. Any thread. */
gboolean collate_engine_is_lost (CollateEngine *engine);

/* Tokens of a text, which is text whatever it spells; an array of gint32; with the model's own first token where it
 * adds one and `add_bos` is TRUE; (transfer full). */
GArray *collate_engine_encode (CollateEngine *engine, const char *text, gssize length, gboolean add_bos);

/* The bytes of one token: not always whole UTF-8; (transfer none), `*length` of them; control tokens have none. */
const char *collate_engine_get_piece (CollateEngine *engine, gint32 token, gsize *length);

/* The token that begins a text where the model adds one, or -1. */
gint32 collate_engine_get_bos (CollateEngine *engine);

/* TRUE for the tokens that end a turn. */
gboolean collate_engine_is_end (CollateEngine *engine, gint32 token);

/* Who says something in a conversation. */
typedef enum
{
  COLLATE_ROLE_SYSTEM,
  COLLATE_ROLE_USER,
  COLLATE_ROLE_ASSISTANT,
  COLLATE_ROLE_TOOL, /* what a call gave: a turn for each, right after the assistant's, in the order of its calls */
} CollateRole;

/* A function that a model calls. */
typedef struct
{
  const char *name;
  const char *arguments; /* a JSON object */
} CollateCall;

/* Only formats with calls know what is not in the first two. */
typedef struct
{
  CollateRole role;
  const char *content;
  const char *reasoning;    /* what the assistant thought before it; (nullable) */
  const CollateCall *calls; /* what the assistant calls after it: n_calls of them */
  gsize n_calls;
  const char *const
      *tools; /* the system's: the functions that can be called, a JSON object each; (nullable) */
} CollateTurn;

/* The tokens of a conversation of one system and one user message up to where the model begins to write, in the model's
 * own chat format; both texts are text, whatever they spell; `system` may be NULL. `think` matters where the format can
 * switch. (nullable) (transfer full); COLLATE_ERROR_UNSUPPORTED for COLLATE_CHAT_UNKNOWN. */
GArray *collate_engine_encode_chat (CollateEngine *engine,
                                    const char *system,
                                    const char *user,
                                    gboolean think,
                                    GError **error);

/* The same for a longer conversation: at least one turn, only the first may be the system's, and the last is the user's or
 * a call's result. COLLATE_ERROR_UNSUPPORTED also where the format has no calls and a turn has, _INVALID where what should
 * be a JSON object is none. */
GArray *collate_engine_encode_turns (CollateEngine *engine,
                                     const CollateTurn *turns,
                                     gsize n_turns,
                                     gboolean think,
                                     GError **error);

/* The tags between which the model thinks, or NULL; static. `*begins_inside` is TRUE where the prompt ends within. */
const char *collate_engine_get_think_tags (CollateEngine *engine,
                                           const char **close,
                                           gboolean *begins_inside);

/* The most tokens that a token can read in sparse attention. */
#define COLLATE_MOST_TOP_K 4096

/* How a session reads what came before each token. */
typedef struct
{
  gboolean sparse;       /* the best top_k tokens alone, else all */
  gint64 top_k;          /* 1 to COLLATE_MOST_TOP_K; 0: as the engine's info says */
  gboolean narrow_index; /* trained index keys in 8 bits instead of f16 */
  gboolean
      drafts; /* where the model can, it drafts a token further while it writes, and verifies it with the next */
} CollateEngineReading;

/* A new timeline of at most `context` tokens (0: the model's own, less where memory is short), dense where `reading` is
 * NULL; (nullable) (transfer full). COLLATE_ERROR_UNSUPPORTED where top_k is too large. */
CollateEngineSession *collate_engine_session_new (CollateEngine *engine,
                                                  gint64 context,
                                                  const CollateEngineReading *reading,
                                                  GError **error);
void collate_engine_session_free (CollateEngineSession *session);

gint64 collate_engine_session_get_context (CollateEngineSession *session);

/* As it was made, with its top_k; of a dense one that is 0. */
CollateEngineReading collate_engine_session_get_reading (CollateEngineSession *session);

/* Tokens that the session drafted while it wrote since it was synced last, and how many of them were right. */
void collate_engine_session_get_drafts (CollateEngineSession *session, gint64 *n_drafted, gint64 *n_right);

/* The share of the visible tokens that a token reads, itself included: the mean over the positions from `first` to before
 * `end`, and over the layers; 1 where there are none. */
double collate_engine_session_get_share (CollateEngineSession *session, gint64 first, gint64 end);

/* Told between the chunks of a prefill: tokens of the prefix in the caches so far, and in all. */
typedef void (*CollateEngineProgress) (gint64 n_done, gint64 n_tokens, gpointer user_data);

/* Makes the timeline exactly these tokens: keeps the longest common prefix, computes the rest in chunks; `*n_reused`
 * (nullable) says how many were kept. Afterwards the logits after the last token are there. Cancelled between chunks:
 * what was computed stays and is reused. */
gboolean collate_engine_session_sync (CollateEngineSession *session,
                                      const gint32 *tokens,
                                      gsize n_tokens,
                                      CollateEngineProgress progress,
                                      gpointer user_data,
                                      gsize *n_reused,
                                      GCancellable *cancellable,
                                      GError **error);

/* Appends one token and computes the logits after it. */
gboolean collate_engine_session_append (CollateEngineSession *session, gint32 token, GError **error);

/* The logits after the last token: as many floats as the vocabulary has; the session's until its next call; NULL where
 * the timeline is empty, or was not finished. */
const float *collate_engine_session_get_logits (CollateEngineSession *session);

/* Computes a window of tokens from an empty timeline, and hands the logits after each position from `first` on to
 * `on_logits` (for perplexity), in order; the timeline is that window afterwards. */
typedef void (*CollateEngineLogits) (gsize position, const float *logits, gpointer user_data);
gboolean collate_engine_session_score (CollateEngineSession *session,
                                       const gint32 *tokens,
                                       gsize n_tokens,
                                       gsize first,
                                       CollateEngineLogits on_logits,
                                       gpointer user_data,
                                       GCancellable *cancellable,
                                       GError **error);

/* The largest memory that engine and session took, in bytes; and what of it is the engine's, for all of its sessions. */
gint64 collate_engine_session_get_peak_memory (CollateEngineSession *session);
gint64 collate_engine_session_get_shared_memory (CollateEngineSession *session);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateEngine, collate_engine_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateEngineSession, collate_engine_session_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateEngineInfo, collate_engine_info_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateEngineMemory, collate_engine_memory_free)

G_END_DECLS
