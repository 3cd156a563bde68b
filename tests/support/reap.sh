#!/bin/sh
# reap.sh <run directory> [pid]: waits until that process is gone, then ends every service that was started in the
# run directory and removes it. A pid file counts only while its process still names the run directory.
run=$1
name=$(basename "$run")
if [ -n "$2" ]; then
  while kill -0 "$2" 2>/dev/null; do sleep 1; done
fi
for file in "$run"/*/pid; do
  [ -f "$file" ] || continue
  pid=$(cat "$file")
  if ps -ww -o args= -p "$pid" 2>/dev/null | grep -q "$name"; then
    kill -9 "-$pid" 2>/dev/null || kill -9 "$pid" 2>/dev/null
  fi
done
# What is written in the moment of dying makes the first removal fail.
for _ in 1 2 3 4 5; do
  rm -rf "$run" 2>/dev/null && break
  sleep 1
done
