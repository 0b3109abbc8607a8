#!/bin/sh
# kernel_tools.sh ARCHIVE FOLDER: takes kunit's parser of KTAP out of a source archive of the
# kernel. Reading the archive takes some 15 s.
set -eu
archive=$1
folder=$2
mkdir -p "$folder"
tar --extract --xz --file "$archive" --directory "$folder" --strip-components=1 --wildcards \
  '*/tools/testing/kunit/*.py'
ln -sfn tools/testing/kunit "$folder/kunit"
