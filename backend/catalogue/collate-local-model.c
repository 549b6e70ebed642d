/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "catalogue/collate-local-model.h"

CollateLocalModel *
collate_local_model_new (const char *name, const char *path)
{
  CollateLocalModel *model = g_new0 (CollateLocalModel, 1);

  model->name = g_strdup (name);
  model->path = g_strdup (path);

  return model;
}

CollateLocalModel *
collate_local_model_copy (const CollateLocalModel *model)
{
  CollateLocalModel *copy = g_memdup2 (model, sizeof *model);

  copy->name = g_strdup (model->name);
  copy->path = g_strdup (model->path);
  copy->title = g_strdup (model->title);
  copy->architecture = g_strdup (model->architecture);
  copy->quantization = g_strdup (model->quantization);
  copy->licence = g_strdup (model->licence);
  copy->chat = g_strdup (model->chat);
  copy->encoding = g_strdup (model->encoding);
  copy->problem = g_strdup (model->problem);

  return copy;
}

void
collate_local_model_free (CollateLocalModel *model)
{
  g_free (model->name);
  g_free (model->path);
  g_free (model->title);
  g_free (model->architecture);
  g_free (model->quantization);
  g_free (model->licence);
  g_free (model->chat);
  g_free (model->encoding);
  g_free (model->problem);
  g_free (model);
}
