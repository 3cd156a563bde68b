import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CachedFile, type CacheOptions, createCache, type FileCache, hashOf } from '../../../backend/sources/toastmasters/cache'
import { until } from '../../support/until'

/* Files that are kept for a while. */

const OPTIONS: CacheOptions = { ttlMs: 60_000, maxEntries: 1000, maxBytes: 1_000_000, cleanupMs: 60_000 }
let folder: string
let open: FileCache[] = []
const cacheOf = (options: Partial<CacheOptions> = {}): FileCache => {
  const cache = createCache({ ...OPTIONS, ...options })
  open.push(cache)
  return cache
}
const fileOf = (key: string, text = `text of ${key}`, fetchedAt = new Date()): CachedFile => ({
  key,
  via: 'archive',
  url: `https://dashboards.example/${key}`,
  text,
  hash: hashOf(text),
  fetchedAt,
})
const counted = <T>(answer: () => Promise<CachedFile | T>) => {
  const find = async () => {
    find.times++
    return await answer()
  }
  find.times = 0
  return find
}
const namesIn = async () => (await readdir(folder)).sort()

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toastmasters-cache-'))
})
afterEach(async () => {
  for (const cache of open) cache.close()
  open = []
  await rm(folder, { recursive: true, force: true })
})

describe('in memory', () => {
  it('asks for a file once', async () => {
    const cache = cacheOf()
    const find = counted(async () => fileOf('a'))
    expect(await cache.get('a', find)).toMatchObject({ hit: false, found: { text: 'text of a' } })
    expect(await cache.get('a', find)).toMatchObject({ hit: true, found: { text: 'text of a' } })
    expect(find.times).toBe(1)
    expect(cache.statistics()).toEqual({ entries: 1, bytes: 9, hits: 1, misses: 1, evicted: 0, expired: 0 })
  })

  it('lets all who ask at once wait for one answer', async () => {
    const cache = cacheOf()
    const find = counted(() => Promise.resolve(fileOf('a')))
    const answers = await Promise.all(Array.from({ length: 20 }, () => cache.get('a', find)))
    expect(find.times).toBe(1)
    expect(answers.filter(({ hit }) => hit)).toHaveLength(19)
  })

  it('does not pass the failure of one on to the others: each asks for itself', async () => {
    const cache = cacheOf()
    const failing = counted(() => Promise.reject(new Error('its job was cancelled')))
    const find = counted(async () => fileOf('a'))
    const [first, ...others] = await Promise.allSettled([cache.get('a', failing), cache.get('a', find), cache.get('a', find)])
    expect(first).toMatchObject({ status: 'rejected', reason: { message: 'its job was cancelled' } })
    expect(others.map((one) => one.status === 'fulfilled' && one.value.found)).toEqual([
      expect.objectContaining({ key: 'a' }),
      expect.objectContaining({ key: 'a' }),
    ])
    expect([failing.times, find.times]).toEqual([1, 1])
  })

  it('keeps files only', async () => {
    const cache = cacheOf({ folder })
    const find = counted(async () => ({ none: 'unavailable' }))
    expect(await cache.get('a', find)).toEqual({ hit: false, found: { none: 'unavailable' } })
    expect(await Promise.all([cache.get('a', find), cache.get('a', find)])).toEqual(
      Array(2).fill({ hit: false, found: { none: 'unavailable' } }),
    )
    expect(find.times).toBe(2)
    expect([cache.statistics().entries, await namesIn()]).toEqual([0, []])
  })

  it('drops the one not asked for longest when there are too many files, or bytes', async () => {
    const few = cacheOf({ maxEntries: 2 })
    for (const key of ['a', 'b', 'a', 'c']) await few.get(key, async () => fileOf(key))
    expect(await few.get('a', async () => fileOf('a'))).toMatchObject({ hit: true })
    expect(await few.get('b', async () => fileOf('b'))).toMatchObject({ hit: false })
    expect(few.statistics()).toMatchObject({ entries: 2, evicted: 2 })

    const small = cacheOf({ maxBytes: 100 })
    for (const key of ['a', 'b', 'c']) await small.get(key, async () => fileOf(key, 'é'.repeat(20)))
    expect(small.statistics()).toMatchObject({ entries: 2, bytes: 80, evicted: 1 })
    await small.get('d', async () => fileOf('d', 'x'.repeat(101)))
    expect(small.statistics().bytes).toBeLessThanOrEqual(100)
  })

  it('removes what has expired without being asked for it', async () => {
    const cache = cacheOf({ ttlMs: 30, cleanupMs: 20 })
    await cache.get('a', async () => fileOf('a'))
    await until(() => cache.statistics().expired === 1)
    expect(cache.statistics()).toMatchObject({ entries: 0, bytes: 0 })
    expect(await cache.get('a', async () => fileOf('a'))).toMatchObject({ hit: false })
  })
})

describe('on disk', () => {
  it('serves another process', async () => {
    await cacheOf({ folder }).get('../../a', async () => fileOf('../../a'))
    const find = counted(async () => fileOf('../../a'))
    const { found, hit } = await cacheOf({ folder }).get('../../a', find)
    expect([hit, find.times, found]).toEqual([true, 0, expect.objectContaining({ key: '../../a', fetchedAt: expect.any(Date) })])
    expect(await namesIn()).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.json\.gz$/)])
  })

  it('does not make a file younger than it is', async () => {
    await cacheOf({ folder }).get('a', async () => fileOf('a', 'old', new Date(Date.now() - 61_000)))
    expect(await cacheOf({ folder }).get('a', async () => fileOf('a', 'new'))).toMatchObject({ hit: false, found: { text: 'new' } })
  })

  it.each([
    ['is cut', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)],
    ['is empty', () => Buffer.alloc(0)],
    ['is something else', () => Buffer.from('{"key":"a"}')],
  ])('asks again for a file that %s', async (_, change) => {
    await cacheOf({ folder }).get('a', async () => fileOf('a'))
    const path = join(folder, (await namesIn())[0] as string)
    await writeFile(path, change(await readFile(path)))
    expect(await cacheOf({ folder }).get('a', async () => fileOf('a', 'new'))).toMatchObject({ hit: false, found: { text: 'new' } })
    expect(await cacheOf({ folder }).get('a', async () => fileOf('a'))).toMatchObject({ hit: true, found: { text: 'new' } })
  })

  it('asks again for a file whose text is not that of its hash', async () => {
    await cacheOf({ folder }).get('a', async () => ({ ...fileOf('a'), hash: hashOf('other') }))
    expect(await cacheOf({ folder }).get('a', async () => fileOf('a'))).toMatchObject({ hit: false })
  })

  it('does without a folder that cannot be written', async () => {
    await writeFile(join(folder, 'file'), '')
    const cache = cacheOf({ folder: join(folder, 'file') })
    expect(await cache.get('a', async () => fileOf('a'))).toMatchObject({ hit: false })
    expect(await cache.get('a', async () => fileOf('a'))).toMatchObject({ hit: true })
  })

  it('is cleaned of what is old, too much or half written, and of nothing else', async () => {
    const filling = cacheOf({ folder })
    for (const key of ['a', 'b', 'c', 'd']) await filling.get(key, async () => fileOf(key))
    const old = new Date(Date.now() - 120_000)
    const [first] = await namesIn()
    await utimes(join(folder, first as string), old, old)
    const part = join(folder, `${hashOf('e')}.json.gz.4711`)
    await writeFile(part, 'half')
    await utimes(part, old, old)
    await writeFile(join(folder, 'notes.txt'), 'of somebody else')
    await utimes(join(folder, 'notes.txt'), old, old)
    cacheOf({ folder, maxEntries: 2, cleanupMs: 20 })
    await until(async () => (await namesIn()).length === 3)
    expect(await namesIn()).toContain('notes.txt')
    expect(await namesIn()).not.toContain(first)
  })
})
