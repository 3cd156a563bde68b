import { spawn } from 'node:child_process'
import { join } from 'node:path'

/*
 * What this process has made and must not leave behind. It may be ended at any moment, so a process beside it keeps the list, and
 * deletes what is still on it when the pipe between them closes.
 */

let pipe

function tell(kind, name, isThere) {
  if (!pipe) {
    const janitor = spawn(process.execPath, [join(import.meta.dirname, 'janitor.mjs')], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    })
    janitor.unref()
    janitor.stdin.unref()
    pipe = janitor.stdin
  }
  pipe.write(`${JSON.stringify({ kind, name, isThere })}\n`)
}

/** @param kind `process`, `database`, `vhost` or `folder` */
export const made = (kind, name) => tell(kind, name, true)
export const gone = (kind, name) => tell(kind, name, false)
