#!/bin/sh
# kernel_tools.sh ARCHIVE FOLDER: takes veristat and kunit's parser out of a source archive of the
# kernel, and compiles veristat with the host's libbpf. Reading the archive takes some 15 s.
set -eu
archive=$1
folder=$2
mkdir -p "$folder/include/linux"
# tar goes on reading to the end, so both in one go.
tar --extract --xz --file "$archive" --directory "$folder" --strip-components=1 --wildcards \
  '*/tools/testing/kunit/*.py' '*/tools/testing/selftests/bpf/veristat.c'
ln -sfn tools/testing/kunit "$folder/kunit"
# All that veristat wants of the kernel's own header.
cat >"$folder/include/linux/compiler.h" <<'END'
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
END
cc -w -O1 -I"$folder/include" -o "$folder/veristat.new" \
  "$folder/tools/testing/selftests/bpf/veristat.c" -lbpf -lelf -lz -lpthread
mv "$folder/veristat.new" "$folder/veristat"
