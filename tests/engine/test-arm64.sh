#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The tests of the kernels for 64-bit ARM, by a cross compiler and an emulator: test-arm64.sh SOURCES BUILD
# Debian's GLib for that processor is fetched once, into .peers; nothing of it is installed. Skips where something is
# missing, but not in CI: gcc-aarch64-linux-gnu, libc6-dev-arm64-cross, qemu-user, or a way to Debian's packages.
set -euo pipefail
sources=$1 build=$2
root=$sources/.peers/arm64
packages=(libglib2.0-0 libglib2.0-dev libc6 libpcre2-8-0 libgcc-s1)

skip() {
  [ -z "${CI:-}" ] || { echo "missing: $*" >&2; exit 1; }
  echo "skipped: $*"
  exit 77
}

fetch() {
  local state
  state=$(mktemp -d)
  mkdir -p "$state"/lists/partial "$state"/archives/partial
  touch "$state/status"
  printf '%s;\n' "Dir::State \"$state\"" "Dir::State::status \"$state/status\"" "Dir::Cache \"$state\"" \
    'APT::Architecture "arm64"' 'APT::Architectures {"arm64";}' 'APT::Sandbox::User ""' >"$state/apt.conf"
  (cd "$state" && export APT_CONFIG=$state/apt.conf && apt-get -q update && apt-get -q download "${packages[@]}") ||
    return 1
  rm -rf "$root.part" && mkdir -p "$root.part"
  for package in "$state"/*.deb; do dpkg -x "$package" "$root.part"; done
  mv "$root.part" "$root"
  rm -rf "$state"
}

command -v aarch64-linux-gnu-gcc >/dev/null || skip 'no aarch64-linux-gnu-gcc'
[ -e "$(aarch64-linux-gnu-gcc -print-file-name=libc.so)" ] || skip 'no C library to link for aarch64-linux-gnu'
command -v qemu-aarch64 >/dev/null || skip 'no qemu-aarch64'
command -v apt-get >/dev/null || skip 'no apt-get'
[ -d "$root" ] || fetch || skip 'no packages for arm64'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
libraries=$root/usr/lib/aarch64-linux-gnu:$root/lib/aarch64-linux-gnu
compile=(
  aarch64-linux-gnu-gcc -std=gnu11 -O2 -Wall -Wextra -Werror -Wno-unused-parameter -Wno-missing-field-initializers
  -D_GNU_SOURCE "-I$build" "-I$sources" "-I$sources/backend" "-I$sources/tests/engine" "-I$root/usr/include/glib-2.0"
  "-I$root/usr/lib/aarch64-linux-gnu/glib-2.0/include"
)
shared=(
  "$sources"/backend/engine/cpu/*.c "$sources"/backend/engine/collate-{tensor,memory,device}.c
  "$sources"/backend/base/collate-error.c "$sources"/tests/engine/{kernel-fixture,reference,reference-sparse,gguf-pack,gguf-writer}.c
)

# There is no Vulkan here.
cat >"$work/no-vulkan.c" <<'END'
#include "config.h"

#include "engine/vulkan/collate-vulkan-choice.h"

GPtrArray *
collate_vulkan_list (void)
{
  return g_ptr_array_new ();
}

CollateDevice *
collate_vulkan_device_new (guint index, GError **error)
{
  return NULL;
}

CollateDevice *
collate_vulkan_device_new_with (guint index, const CollateVulkanChoice *choice, GError **error)
{
  return NULL;
}
END

mkdir "$work/objects"
(cd "$work/objects" && printf '%s\0' "${shared[@]}" "$work/no-vulkan.c" | xargs -0 -n 4 -P 2 "${compile[@]}" -c)
for name in attention device experts golden matmul rows sparse; do
  "${compile[@]}" "$sources/tests/engine/test-kernels-$name.c" "$work"/objects/*.o -o "$work/test" \
    -L"${libraries%%:*}" -L"${libraries#*:}" -Wl,-rpath-link,"$libraries" -lglib-2.0 -lm -lpthread
  # Dot products of bytes are in the products of matrices alone; the emulator takes its time.
  levels=(neon)
  [ "$name" != matmul ] || levels+=(neon-dot)
  for level in "${levels[@]}"; do
    qemu-aarch64 -L "$root" "$work/test" --tap -p "/engine/kernels/$level" | tee "$work/said"
    grep -q "^ok .*/$level/" "$work/said" || exit 1
  done
done
