#!/bin/sh
# Runs a compiler's command; for Verilator's own sources, which are the same for every design, only
# once: their objects are kept in $OBJECTS. make calls it by the variable OBJCACHE.
set -eu

for source; do :; done
case $source in
  */include/verilated*.cpp) ;;
  *) exec "$@" ;;
esac
object=$(basename "$source" .cpp).o
kept=$OBJECTS/$(printf %s "$*" | cksum | cut -d ' ' -f 1)-$object
if [ -e "$kept" ]; then
  ln -f "$kept" "$object"
else
  "$@"
  # Another build may have been quicker.
  ln "$object" "$kept" 2> /dev/null || true
fi
