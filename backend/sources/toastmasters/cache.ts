import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'

/*
 * Keeps files for a while, in memory and, where there is a folder for it, on disk. It holds what has been checked only. Who asks for a
 * file that is being asked for waits for the same answer.
 */

const file = z.object({
  key: z.string(),
  via: z.enum(['archive', 'root']),
  url: z.string(),
  text: z.string(),
  hash: z.string(),
  fetchedAt: z.coerce.date(),
})
/** A file as it was read. */
export type CachedFile = z.infer<typeof file>

export interface CacheOptions {
  /** Absent: in memory only. */
  folder?: string
  ttlMs: number
  maxEntries: number
  maxBytes: number
  cleanupMs: number
}

export interface CacheStatistics {
  entries: number
  bytes: number
  hits: number
  misses: number
  /** Removed because there was no room. */
  evicted: number
  /** Removed because their time was over. */
  expired: number
}

export interface FileCache {
  /** The kept file, or what `find` finds; only a file is kept. @throws what `find` throws */
  get<T>(key: string, find: () => Promise<CachedFile | T>): Promise<{ found: CachedFile | T; hit: boolean }>
  statistics(): CacheStatistics
  close(): void
}

/** SHA-256 of a text's bytes. */
export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

const isFile = (value: unknown): value is CachedFile => file.safeParse(value).success

export function createCache({ folder, ttlMs, maxEntries, maxBytes, cleanupMs }: CacheOptions): FileCache {
  const counts = { hits: 0, misses: 0, evicted: 0, expired: 0 }
  const kept = new LRUCache<string, CachedFile>({
    max: maxEntries,
    maxSize: maxBytes,
    sizeCalculation: ({ text }) => Math.max(1, Buffer.byteLength(text)),
    ttl: ttlMs,
    disposeAfter(_, __, reason) {
      if (reason === 'evict') counts.evicted++
      if (reason === 'expire') counts.expired++
    },
  })
  const pending = new Map<string, Promise<unknown>>()
  const disk = folder === undefined ? undefined : createDisk(folder, { ttlMs, maxEntries, maxBytes })
  const cleaning = setInterval(() => {
    kept.purgeStale()
    void disk?.clean()
  }, cleanupMs).unref()

  const leftMs = ({ fetchedAt }: CachedFile): number => ttlMs - (Date.now() - fetchedAt.getTime())

  async function readKept(key: string): Promise<CachedFile | undefined> {
    const found = kept.get(key)
    if (found) return found
    const stored = await disk?.read(key)
    if (!stored || leftMs(stored) <= 0) return undefined
    kept.set(key, stored, { ttl: leftMs(stored) })
    return stored
  }

  async function find<T>(key: string, ask: () => Promise<CachedFile | T>): Promise<{ found: CachedFile | T; hit: boolean }> {
    const held = await readKept(key)
    if (held) {
      counts.hits++
      return { found: held, hit: true }
    }
    counts.misses++
    const found = await ask()
    if (isFile(found)) {
      kept.set(key, found)
      await disk?.write(found)
    }
    return { found, hit: false }
  }

  return {
    async get<T>(key: string, ask: () => Promise<CachedFile | T>) {
      for (let other = pending.get(key); other; other = pending.get(key)) {
        // Why the other failed may be its own: its job was cancelled, or its turn was promised to it alone.
        const answer = (await other.catch((_: unknown) => undefined)) as Awaited<ReturnType<typeof find<T>>> | undefined
        if (!answer) continue
        if (isFile(answer.found)) counts.hits++
        return { found: answer.found, hit: isFile(answer.found) }
      }
      const own = find(key, ask)
      pending.set(key, own)
      try {
        return await own
      } finally {
        pending.delete(key)
      }
    },
    statistics: () => ({ entries: kept.size, bytes: kept.calculatedSize, ...counts }),
    close: () => clearInterval(cleaning),
  }
}

interface Disk {
  read(key: string): Promise<CachedFile | undefined>
  write(entry: CachedFile): Promise<void>
  clean(): Promise<void>
}

/** Files of a folder, named by the hash of their key, so that no key names a path. What cannot be read or written is not cached. */
function createDisk(folder: string, { ttlMs, maxEntries, maxBytes }: Pick<CacheOptions, 'ttlMs' | 'maxEntries' | 'maxBytes'>): Disk {
  const pathOf = (key: string) => join(folder, `${hashOf(key)}.json.gz`)
  return {
    async read(key) {
      try {
        const entry = file.safeParse(JSON.parse(gunzipSync(await readFile(pathOf(key)), { maxOutputLength: 2 * maxBytes }).toString()))
        return entry.success && entry.data.key === key && entry.data.hash === hashOf(entry.data.text) ? entry.data : undefined
      } catch (_notThereOrBroken: unknown) {
        return undefined
      }
    },
    async write(entry) {
      const path = pathOf(entry.key)
      const part = `${path}.${process.pid}`
      try {
        await mkdir(folder, { recursive: true })
        await writeFile(part, gzipSync(JSON.stringify(entry)))
        await rename(part, path)
      } catch (_noRoomOrRights: unknown) {
        await rm(part, { force: true }).catch((_: unknown) => undefined)
      }
    },
    async clean() {
      try {
        // A process that was killed while it wrote leaves a part of a file.
        const names = (await readdir(folder)).filter((name) => /^[0-9a-f]{64}\.json\.gz(\.\d+)?$/.test(name))
        const all = await Promise.all(names.map(async (name) => ({ path: join(folder, name), ...(await stat(join(folder, name))) })))
        let bytes = 0
        const newest = all.sort((a, b) => b.mtimeMs - a.mtimeMs)
        for (const [place, { path, mtimeMs, size }] of newest.entries()) {
          bytes += size
          if (place >= maxEntries || bytes > maxBytes || Date.now() - mtimeMs > ttlMs) await rm(path, { force: true })
        }
      } catch (_folderGone: unknown) {
        // Another process may clean the same folder.
      }
    },
  }
}
