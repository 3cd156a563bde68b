import { existsSync, statSync } from 'node:fs'
import { type FileHandle, link, open, rename, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Writable } from 'node:stream'
import { Refused } from '../base/errors'

/** A file that gets its name once it is complete. */
export interface NewFile {
  readonly stream: Writable
  /** Gives the file its name. @throws {Refused} `state` when the name was taken meanwhile */
  keep(): Promise<void>
  /** Deletes the file. */
  drop(): Promise<void>
}

const taken = (path: string): Refused => new Refused('state', `${path} already exists; add --force to replace it.`, 'out')

function unwritable(path: string, error: unknown): Refused {
  const { code, message } = error as NodeJS.ErrnoException
  const why: Record<string, string> = {
    ENOENT: `the folder ${dirname(path)} does not exist`,
    ENOTDIR: `${dirname(path)} is not a folder`,
    EACCES: `this user may not write in ${dirname(path)}`,
    ENOSPC: 'no space left on the device',
    EROFS: 'the file system is read-only',
  }
  return new Refused('input', `Cannot write ${path}: ${why[code ?? ''] ?? message}.`, 'out')
}

/** A hard link fails where the name is taken, unlike a rename; some file systems have no hard links. */
async function giveName(part: string, path: string, force: boolean): Promise<void> {
  if (force) return await rename(part, path)
  try {
    await link(part, path)
    await unlink(part)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') throw taken(path)
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error
    if (existsSync(path)) throw taken(path)
    await rename(part, path)
  }
}

const isGone = (error: NodeJS.ErrnoException) => {
  if (error.code !== 'ENOENT') throw error
}

/**
 * Starts a file next to `path`, under a temporary name.
 * @throws {Refused} `state` when the name is taken and `force` is not set, `input` when it cannot be written
 */
export async function newFile(path: string, force: boolean): Promise<NewFile> {
  if (existsSync(path)) {
    if (statSync(path).isDirectory()) throw new Refused('input', `${path} is a folder; name a file in it.`, 'out')
    if (!force) throw taken(path)
  }
  const part = join(dirname(path), `.${basename(path)}.${process.pid}.part`)
  const handle: FileHandle = await open(part, 'w').catch((error) => {
    throw unwritable(path, error)
  })
  const stream = handle.createWriteStream({ autoClose: false })
  let isOpen = true
  const close = async () => {
    if (isOpen) await handle.close()
    isOpen = false
  }
  return {
    stream,
    async keep() {
      await handle.sync()
      await close()
      await giveName(part, path, force)
    },
    async drop() {
      stream.destroy()
      await close()
      await unlink(part).catch(isGone)
    },
  }
}

/** A failed write as a refusal; any other error as it is. */
export function writeFault(path: string, error: unknown): unknown {
  return /^(ENOSPC|EIO|EDQUOT|EFBIG|EROFS)$/.test((error as NodeJS.ErrnoException).code ?? '') ? unwritable(path, error) : error
}
